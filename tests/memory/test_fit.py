"""What fits: each answer holds when it is simulated, and the next value does not."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.choices.scenario import Scenario
from lora_viz.cli import reports
from lora_viz.cli.app import _fit_as_text
from lora_viz.machine.cards import cards
from lora_viz.memory.fit import Search, largest, room, verdict
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport
from lora_viz.models.ask import read_architecture
from lora_viz.questions.ask_for import step_of
from lora_viz.questions.kept import compute
from tests.memory.models import GPT2

GROWTH = st.lists(st.integers(0, 1000), min_size=1, max_size=60)


def simulate(scenario: Scenario) -> MemoryReport:
    return compute(step_of(scenario))


@pytest.fixture
def small(tmp_path: Path) -> Scenario:
    """A small model of one block on a card that has 80 MB after the CUDA context."""
    config = GPT2 | {"n_layer": 1, "n_positions": 4096}
    (tmp_path / "config.json").write_text(json.dumps(config))
    memory = (CUDA_CONTEXT_BYTES + 80_000_000) / 1e9
    values = {"target_modules": "c_attn", "batch_size": 2, "seq_len": 64, "gpu_memory_gb": memory}
    return Scenario.make({"model": str(tmp_path)} | values)


@settings(max_examples=50)
@given(GROWTH, st.integers(0, 20_000), st.data())
def test_a_search_finds_the_largest_number_whose_bytes_fit(
    growth: list[int], space: int, data: st.DataObject
) -> None:
    sizes = list(itertools.accumulate(growth))  # sizes[n - 1] bytes at n
    start = data.draw(st.integers(1, len(sizes)))
    found = Search(lambda n: sizes[n - 1], space, len(sizes)).run([start])
    assert found == sum(size <= space for size in sizes)


@settings(max_examples=50)
@given(GROWTH, st.integers(0, 1000))
def test_where_bytes_do_not_always_grow_what_is_found_fits_and_the_next_does_not(
    sizes: list[int], space: int
) -> None:
    asked: set[int] = set()

    def bytes_at(number: int) -> int:
        asked.add(number)
        return sizes[number - 1]

    found = Search(bytes_at, space, len(sizes)).run([1])
    if found:
        assert sizes[found - 1] <= space and found in asked
    if found < len(sizes) and found:
        assert sizes[found] > space and found + 1 in asked


@settings(max_examples=50)
@given(st.integers(1, 10**6), st.integers(0, 10**9), st.integers(0, 10**12))
def test_a_straight_line_needs_few_questions(slope: int, offset: int, space: int) -> None:
    asked: list[int] = []

    def bytes_at(number: int) -> int:
        asked.append(number)
        return offset + slope * number

    highest = 1_048_576
    found = Search(bytes_at, space, highest).run([512])
    assert found == max(0, min(highest, (space - offset) // slope))
    assert len(asked) <= 7


@pytest.mark.parametrize("field", ["batch_size", "seq_len"])
def test_the_answer_fits_a_real_simulation_and_one_more_does_not(
    field: str, small: Scenario
) -> None:
    found = largest(small, field, simulate, 4096)  # type: ignore[arg-type]
    space = room(small.card.memory_bytes)
    assert 1 <= found.value <= found.tight_value and found.limited_by == "card"
    assert simulate(small.changed(**{field: found.value})).reserved_high <= space
    assert simulate(small.changed(**{field: found.value + 1})).reserved_high > space
    assert simulate(small.changed(**{field: found.tight_value})).peak_allocated <= space
    assert simulate(small.changed(**{field: found.tight_value + 1})).peak_allocated > space


def test_the_command_line_says_what_was_found_and_on_what_card(small: Scenario) -> None:
    answer = reports.fit(small)
    batch = largest(small, "batch_size", simulate)
    assert answer["largest_batch_size"] == batch.value
    assert answer["largest_batch_size_tight"] == batch.tight_value
    assert answer["gpu_memory_bytes"] == round(small.gpu_memory_gb * 1e9)
    assert answer["largest_seq_len"] >= 1 and answer["context_length"] == 4096
    shown = _fit_as_text(answer)
    assert f"{batch.value}  largest batch at 64 tokens" in shown and small.card.name in shown


def test_a_sequence_is_never_longer_than_the_models_context(small: Scenario) -> None:
    found = largest(small.changed(gpu_memory_gb=100), "seq_len", simulate, 300)
    assert (found.value, found.tight_value, found.limited_by) == (300, 300, "context")


def test_a_batch_ends_where_its_setting_does(small: Scenario) -> None:
    roomy = small.changed(gpu_memory_gb=1000, seq_len=1)
    found = largest(roomy, "batch_size", simulate)
    assert (found.value, found.limited_by) == (Scenario.limits("batch_size")[1], "setting")


def test_a_card_that_is_too_small_for_a_batch_of_one_says_0(small: Scenario) -> None:
    found = largest(small.changed(gpu_memory_gb=0.53), "batch_size", simulate)
    assert (found.value, found.tight_value, found.limited_by) == (0, 0, "card")


def test_a_verdict_is_tight_inside_of_the_reserved_range(small: Scenario) -> None:
    report = simulate(small)
    low, high = (end + CUDA_CONTEXT_BYTES for end in (report.reserved_low, report.reserved_high))
    assert verdict(report, high) == "fits"
    assert verdict(report, high - 1) == "tight"
    assert verdict(report, low) == "tight"
    assert verdict(report, low - 1) == "too_large"


def test_another_size_replaces_only_the_cards_name_and_memory() -> None:
    scenario = Scenario(gpu="A100 40 GB", gpu_memory_gb=20.5)
    assert scenario.card.memory_bytes == 20_500_000_000
    assert scenario.card.name == "20.5 GB"
    assert scenario.card.compute_capability == cards()["A100 40 GB"].compute_capability
    assert Scenario(gpu="A100 40 GB").card == cards()["A100 40 GB"]


@pytest.mark.parametrize(
    ("model", "context"),
    [("gpt2", 1024), ("roberta-base", 512), ("t5-base", None), ("llama-3.1-8b", 131_072)],
)
def test_a_models_context_is_the_one_that_its_makers_name(model: str, context: int | None) -> None:
    assert read_architecture(model).context_length == context
