"""Batches of texts of different lengths, held against every batch that there can be."""

from __future__ import annotations

import json
import random
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from lora_viz.choices.fields.step_choices import MOST_LENGTHS, read_lengths
from lora_viz.choices.scenario import Scenario
from lora_viz.cli.app import app
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.lengths import expected_longest, other_batches, padding_share
from lora_viz.memory.orders import reserved_in_order
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import step_settings
from lora_viz.memory.timeline import play
from lora_viz.memory.torch_step.record import record_shallow
from tests.memory.models import LLAMA

SHALLOW = LLAMA | {"num_hidden_layers": 2}


def all_batches(lengths: list[int], batch: int) -> list[torch.Tensor]:
    """Every batch of texts, padded as data collators pad: 1 is a token and 0 padding."""
    texts = [torch.ones(length) for length in lengths]
    return [pad_sequence(list(chosen)) for chosen in product(texts, repeat=batch)]


@pytest.mark.parametrize("seed", range(4))
def test_expected_length_and_padding_are_those_of_all_batches(seed: int) -> None:
    draw = random.Random(seed)
    lengths = sorted(draw.choices(range(1, 60), k=draw.randrange(1, 6)))
    batch = draw.randrange(1, 5)
    batches = all_batches(lengths, batch)
    assert expected_longest(lengths, batch) == pytest.approx(fmean(len(one) for one in batches))
    tokens, places = (sum(float(f(one)) for one in batches) for f in (torch.sum, torch.numel))
    assert padding_share(lengths, batch) == pytest.approx(1 - tokens / places)


def test_many_lengths_are_described_by_few() -> None:
    draw = random.Random(5)
    lengths = [1 + int(draw.lognormvariate(5, 0.8)) for _ in range(20_000)]
    few = read_lengths(lengths)
    assert len(few) == MOST_LENGTHS and max(few) == max(lengths)
    assert padding_share(few, 4) == pytest.approx(padding_share(sorted(lengths), 4), abs=0.04)
    link = Scenario(lengths=few).to_query()
    assert Scenario.from_query(link) == (Scenario(lengths=few), [])


def report(tmp_path: Path, **choices: Any) -> MemoryReport:
    (tmp_path / "config.json").write_text(json.dumps(SHALLOW))
    scenario = Scenario.make({"target_modules": "q_proj", "batch_size": 2} | choices)
    return simulate_step(str(tmp_path), step_settings(scenario).as_arguments())


def test_the_longest_batch_decides_on_the_peak(tmp_path: Path) -> None:
    found = report(tmp_path, lengths=(40, 70, 300, 90), seq_len=128)
    padded = report(tmp_path, seq_len=128, padding=True)
    assert found.peak_allocated == padded.peak_allocated
    assert found.batches is not None and padded.batches is None
    assert found.batches.longest == 128
    orders = (found.batches.reserved_longest_first, found.batches.reserved_shortest_first)
    assert found.reserved_high >= max(orders) >= min(orders) >= found.peak_allocated


def test_one_length_is_a_batch_without_padding(tmp_path: Path) -> None:
    found = report(tmp_path, lengths=(64, 64))
    assert found.peak_allocated == report(tmp_path, seq_len=64).peak_allocated
    assert found.batches is not None and found.batches.padding_share == 0


def test_the_same_batch_twice_takes_what_two_steps_take() -> None:
    settings = step_settings(Scenario.make({"target_modules": "q_proj", "seq_len": 64}))
    trace = record_shallow(SHALLOW, settings, 0).trace
    assert reserved_in_order([trace, trace]) == play(trace).reserved


def test_batches_beside_the_longest_are_some_that_occur() -> None:
    assert other_batches((5, 5, *[9] * 7, 20), 1) == [5, 9]
    assert other_batches((7, 7), 3) == []


def test_the_command_line_reads_a_file_of_lengths(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SHALLOW))
    (tmp_path / "lengths.json").write_text("[12, 30,\n 44]")
    options = f"--targets q_proj --batch-size 2 --json --lengths {tmp_path / 'lengths.json'}"
    app(["memory", str(tmp_path / "config.json"), *options.split()], standalone_mode=False)
    batches = json.loads(capsys.readouterr().out)["batches"]
    assert batches["longest"] == 44
    assert batches["padding_share"] == pytest.approx(padding_share((12, 30, 44), 2))
