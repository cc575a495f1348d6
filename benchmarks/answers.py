"""How long the answers take that come from worker processes: at first, from disk, from memory."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks._servers import stored_in
from benchmarks._tables import print_table, seconds
from lora_viz.choices.scenario import Scenario
from lora_viz.questions import ask_for, kept, workers
from lora_viz.questions.question import Question

MODELS = ("gpt2", "llama-3.1-8b", "llama-3.1-405b", "mixtral-8x7b")
ROUNDS = 3


def questions(model: str) -> Iterator[tuple[str, Question[Any]]]:
    """What the pages ask about a model, and what each question is called."""
    scenario = Scenario().with_model(model)
    yield "layers", ask_for.architecture_of(scenario)
    yield "adapter", ask_for.adapter_of(scenario)
    yield "model files", ask_for.model_files_of(scenario)
    yield "optimizer state", ask_for.optimizer_of(scenario)


def run() -> None:
    """Measure and print the table."""
    asked = [(f"{model}: {name}", one) for model in MODELS for name, one in questions(model)]
    _load_the_workers()
    each = [question for _name, question in asked]
    rounds = [_one_round(each) for _round in range(1 + ROUNDS)][1:]  # the first does not count
    workers.stop()
    rows = []
    for number, (name, _question) in enumerate(asked):
        first, disk, memory = zip(*(one[number] for one in rounds), strict=True)
        rows.append(
            (
                name,
                seconds(first),
                *(_faster(first, later) for later in (disk, memory)),
            )
        )
    print_table(
        f"Answers of a worker that has torch loaded ({ROUNDS} rounds), and how many times faster "
        "the same\nanswer comes from disk, as after a restart, and from memory.",
        ("Answer", "first", "from disk", "from memory"),
        rows,
    )


def _load_the_workers() -> None:
    """Wait until the workers have loaded torch."""
    workers.start(threading.Event())


def _one_round(asked: list[Question[Any]]) -> list[tuple[float, float, float]]:
    """Seconds for each question: asked first, found on disk, found in memory."""
    with tempfile.TemporaryDirectory() as scratch, stored_in(Path(scratch)):
        return [
            (
                _first_seconds(question),
                _known_seconds(question, in_memory=False),
                _known_seconds(question, in_memory=True),
            )
            for question in asked
        ]


def _first_seconds(question: Question[Any]) -> float:
    kept.forget()
    start = perf_counter()
    kept.ask(question)
    return perf_counter() - start


def _known_seconds(question: Question[Any], *, in_memory: bool) -> float:
    if not in_memory:
        kept.forget()
    start = perf_counter()
    answer = kept.known(question)
    took = perf_counter() - start
    assert answer is not None
    return took


def _faster(first: Sequence[float], later: Sequence[float]) -> str:
    return f"{median(first) / median(later):,.0f} × faster"
