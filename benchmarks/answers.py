"""How long the answers take that come from worker processes: at first, from disk, from memory."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks._servers import stored_in
from benchmarks._tables import print_table, seconds
from lora_viz.adapter.layout import read_adapter_layout
from lora_viz.checkpoint.sizes import read_model_files, read_optimizer_layout
from lora_viz.choices.scenario import Scenario
from lora_viz.models.architecture import read_architecture
from lora_viz.questions import kept, workers

MODELS = ("gpt2", "llama-3.1-8b", "llama-3.1-405b", "mixtral-8x7b")
ROUNDS = 3

Question = tuple[str, Callable[..., Any], tuple[Any, ...]]


def questions(model: str) -> Iterator[Question]:
    """What the pages ask about a model: a name, the function, its arguments."""
    scenario = Scenario().with_model(model)
    targets, bias, dora = scenario.target_modules, scenario.bias, scenario.dora
    yield "layers", read_architecture, (model,)
    yield "adapter", read_adapter_layout, (model, targets, bias, dora)
    yield "model files", read_model_files, (model, scenario.base_dtype)
    optimizer = (scenario.optimizer, scenario.adapter_dtype, scenario.base_dtype)
    yield "optimizer state", read_optimizer_layout, (model, targets, bias, dora, *optimizer)


def run() -> None:
    """Measure and print the table."""
    asked = [(model, *question) for model in MODELS for question in questions(model)]
    _load_the_workers()
    rounds = [_one_round(asked) for _round in range(1 + ROUNDS)][1:]  # the first does not count
    workers.stop()
    rows = []
    for number, (model, name, _function, _arguments) in enumerate(asked):
        first, disk, memory = zip(*(one[number] for one in rounds), strict=True)
        rows.append(
            (
                f"{model}: {name}",
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


def _one_round(asked: list[tuple[str, *Question]]) -> list[tuple[float, float, float]]:
    """Seconds for each question: asked first, found on disk, found in memory."""
    with tempfile.TemporaryDirectory() as scratch, stored_in(Path(scratch)):
        return [
            (
                _first_seconds(function, arguments),
                _known_seconds(function, arguments, in_memory=False),
                _known_seconds(function, arguments, in_memory=True),
            )
            for _model, _name, function, arguments in asked
        ]


def _first_seconds(function: Callable[..., Any], arguments: tuple[Any, ...]) -> float:
    kept.forget()
    start = perf_counter()
    kept.ask(function, *arguments)
    return perf_counter() - start


def _known_seconds(
    function: Callable[..., Any], arguments: tuple[Any, ...], *, in_memory: bool
) -> float:
    if not in_memory:
        kept.forget()
    start = perf_counter()
    answer = kept.known(function, *arguments)
    took = perf_counter() - start
    assert answer is not None
    return took


def _faster(first: Sequence[float], later: Sequence[float]) -> str:
    return f"{median(first) / median(later):,.0f} × faster"
