"""What was taken of a card, read from real stacks of a real step."""

from __future__ import annotations

import copy
import os
import pickle
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lora_viz.errors import UserError
from lora_viz.memory.snapshots.ask import read_snapshot_file
from lora_viz.memory.snapshots.reading import BEFORE, facts_of
from tests.memory.snapshots.recorded_step import HistoryMode, recorded_training

VOCABULARY = 499
CASES = (
    {"adapts": True, "checkpointing": False, "length": 40},
    {"adapts": True, "checkpointing": True, "length": 40},
    {"adapts": False, "checkpointing": False, "length": 2},
)
KNOWN = ("weights", "adapter", "optimizer", "gradients")


@pytest.fixture(scope="module", params=CASES, ids=str)
def history(request: pytest.FixtureRequest) -> HistoryMode:
    """Real steps: with LoRA, with checkpointing besides, and of all weights.

    Over few tokens the optimizer's step is the highest moment, with all gradients there.
    """
    return recorded_training(**request.param)


def test_kinds_at_the_highest_moment_are_those_of_the_tensors(history: HistoryMode) -> None:
    facts = facts_of(history.snapshot(), VOCABULARY)
    highest, true_kinds = history.true_kinds_at_highest()
    assert facts.highest == highest == sum(facts.by_kind.values())
    for kind in KNOWN:  # rotary frequencies are weights' buffers, and inputs are tokens
        assert abs(facts.by_kind.get(kind, 0) - true_kinds[kind]) <= 4096, kind
    assert facts.by_kind.get("unknown", 0) <= 4096


def test_what_was_there_before_the_history_is_said_to_be(history: HistoryMode) -> None:
    snapshot = history.snapshot()
    events = snapshot["device_traces"][0]
    first_pass = next(
        number
        for number, event in enumerate(events)
        if any(frame["name"] == "forward" for frame in event["frames"])
    )
    snapshot["device_traces"] = [events[first_pass:]]
    for block in snapshot["segments"][0]["blocks"]:
        if block["address"] < first_pass:
            block["frames"] = []
    facts = facts_of(snapshot, VOCABULARY)
    highest, true_kinds = history.true_kinds_at_highest()
    assert facts.highest == highest
    before = true_kinds["weights"] + true_kinds["adapter"]
    assert abs(facts.by_kind[BEFORE] - before) <= 4096


def test_a_refused_request_is_told(history: HistoryMode) -> None:
    snapshot = history.snapshot()
    failed = {"action": "oom", "size": 2**30, "device_free": 2**20, "stream": 0, "frames": []}
    snapshot["device_traces"][0].append(failed)
    assert facts_of(snapshot, VOCABULARY).refused == (2**30, 2**20)


def test_without_stacks_no_kind_is_guessed(history: HistoryMode) -> None:
    snapshot = copy.deepcopy(history.snapshot())
    for made in (*snapshot["device_traces"][0], *snapshot["segments"][0]["blocks"]):
        made["frames"] = []
    facts = facts_of(snapshot, VOCABULARY)
    assert not facts.has_stacks
    assert set(facts.by_kind) <= {"unknown", BEFORE}


def test_without_a_history_the_snapshots_own_moment_counts() -> None:
    block = {"address": 512, "size": 1024, "requested_size": 1000, "state": "active_allocated"}
    segment = {"device": 1, "address": 512, "total_size": 2**21, "blocks": [block]}
    facts = facts_of({"segments": [segment], "device_traces": [[], []]}, 0)
    assert (facts.device, facts.highest, facts.reserved, facts.events) == (1, 1024, 2**21, 0)


class _Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)

    def __init__(self, folder: str) -> None:
        self.folder = folder


def test_a_pickle_that_calls_something_is_refused_and_calls_nothing(tmp_path: Path) -> None:
    file = tmp_path / "harmful.pickle"
    made = tmp_path / "made"
    file.write_bytes(pickle.dumps({"segments": [_Harmful(str(made))]}))
    with pytest.raises(UserError, match="mkdir"):
        read_snapshot_file(str(file), file.name, 0)
    assert not made.exists()


@pytest.mark.parametrize(
    "holds",
    [b"", b"text", pickle.dumps([1, 2]), pickle.dumps({"segments": 3}), pickle.dumps(b"x" * 99)],
)
def test_what_is_no_snapshot_costs_one_sentence(holds: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.pickle"
    file.write_bytes(holds)
    with pytest.raises(UserError, match="snapshot"):
        read_snapshot_file(str(file), file.name, 0)


def test_damaged_snapshots_cost_one_sentence(history: HistoryMode, tmp_path: Path) -> None:
    whole = pickle.dumps(history.snapshot())
    file = tmp_path / "damaged.pickle"
    random = Random(5)
    for _try in range(60):
        content = bytearray(whole[: random.randrange(1, len(whole))])
        for _byte in range(random.randrange(20)):
            content[random.randrange(len(content))] = random.randrange(256)
        file.write_bytes(content)
        with pytest.raises(UserError):
            read_snapshot_file(str(file), file.name, VOCABULARY)
