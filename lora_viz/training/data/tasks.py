"""The tasks that ship, a reader's own data, and the text that measures forgetting.

Each task's files are described by the README in their folder.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from lora_viz.training.data.examples import Example, InvalidDataError, Task
from lora_viz.training.data.own_data import load_own

__all__ = [
    "TASKS",
    "Example",
    "InvalidDataError",
    "Task",
    "load_own",
    "load_task",
    "pretraining_sample",
]

TASKS = ("style", "qa")
PARTS = ("train", "validation", "held_out")

_DATA = Path(__file__).parents[2] / "data"
_TASK_FOLDER = _DATA / "tasks"
_PRETRAINING_SAMPLE = _DATA / "tiny_gpt2" / "held_out.txt"
_BETWEEN_TEXTS = "\n<|endoftext|>\n"


def load_task(name: str, data_file: str = "") -> Task:
    """A shipped task by its name in `TASKS`, or the reader's `data_file` for the task "own".

    Raises:
        InvalidDataError: the file cannot be read or used.
    """
    if name == "own":
        return load_own(data_file)
    return {"style": _load_style, "qa": _load_questions}[name]()


def pretraining_sample() -> tuple[str, ...]:
    """The end of each text that the embedded model was pretrained on, which it never saw."""
    return tuple(_PRETRAINING_SAMPLE.read_text(encoding="utf-8").split(_BETWEEN_TEXTS))


def _load_style() -> Task:
    """A play's text is one example in each part."""
    plays = _read_json_lines(_TASK_FOLDER / "style" / "plays.jsonl.gz")
    parts = {part: tuple(Example("", play[part]) for play in plays) for part in PARTS}
    return Task("style", **parts, kind="text")


def _load_questions() -> Task:
    """A fact's questions are spread over the parts: each part words them in its own way."""
    facts = _read_json_lines(_TASK_FOLDER / "qa" / "facts.jsonl")
    parts = {
        part: tuple(
            Example(f"Question: {question}\nAnswer:", f" {fact['answer']}")
            for fact in facts
            for question in fact[part]
        )
        for part in PARTS
    }
    return Task("qa", **parts, kind="questions")


def _read_json_lines(file: Path) -> list[dict[str, Any]]:
    content = file.read_bytes()
    if file.suffix == ".gz":
        content = gzip.decompress(content)
    return [json.loads(line) for line in content.decode("utf-8").splitlines() if line]
