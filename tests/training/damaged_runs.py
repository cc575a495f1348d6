"""Folders of runs with one file damaged each: every file, in every way."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from lora_viz.training.runs.events import (
    CheckpointEvent,
    EvaluationEvent,
    Event,
    EventWriter,
    LayerReading,
    MemoryReading,
    SnapshotEvent,
    StateEvent,
    StepEvent,
)
from lora_viz.training.runs.shipped import recorded_full_run, recorded_lora_run

LAYERS = ("h.0.attn", "h.1.attn")
SNAPSHOTS = ("snapshots/step-000000.safetensors", "snapshots/step-000001.safetensors")
HUGE = 10**30

# What damages a file of any kind. A FIFO without a writer would hold up everyone who opens it.
PATHS: dict[str, Callable[[Path], object]] = {
    "missing": lambda _path: None,
    "empty": lambda path: path.write_bytes(b""),
    "folder": lambda path: path.mkdir(),
    "half": lambda path: path.write_bytes(b'{"kind": "st'),
    "not-text": lambda path: path.write_bytes(b"\xff\xfe\x00\xd8" * 9 + b"\n"),
    "nested": lambda path: path.write_bytes(b"[" * 100_000 + b"\n"),
    "fifo": lambda path: os.mkfifo(path),
    "nowhere": lambda path: path.symlink_to("nowhere"),
    "itself": lambda path: path.symlink_to(path.name),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "sparse": lambda path: _sparse(path),
}
VALUES: dict[str, Any] = {
    "nan": float("nan"),
    "infinite": float("inf"),
    "largest": 1e308,
    "huge": HUGE,
    "negative": -1,
    "string": "many",
    "list": [],
    "null": None,
}
JSON_FILES = ("settings.json", "result.json", "process.json", "events.jsonl")
TENSOR_FILES = (
    "snapshots/base.safetensors",
    "snapshots/step-000000.safetensors",
    "held_out_tokens.safetensors",
    "adapter/adapter_model.safetensors",
)
FOLDERS = ("snapshots", "adapter", "checkpoints")
# Where these are missing, a run is as one whose job has not come so far.
MAY_BE_MISSING = (
    "result.json",
    "process.json",
    "events.jsonl",
    "job.lock",
    "held_out_tokens.safetensors",
    "snapshots/base.safetensors",
    "checkpoints",
)


def whole_run(root: Path, name: str) -> Path:
    """A finished run with every file that a job writes; its layers are small."""
    source, folder = recorded_lora_run().path, root / name
    for inside in FOLDERS:
        (folder / inside).mkdir(parents=True)
    (folder / "checkpoints" / "checkpoint-2").mkdir()
    for file in ("settings.json", "result.json"):
        shutil.copy(source / file, folder / file)
    writer = EventWriter(folder / "events.jsonl")
    for event in _events():
        writer.write(event)
    writer.close()
    weights = np.arange(48, dtype=np.float32).reshape(8, 6)
    a, b = weights[:2], weights[:, :2]
    save_file({f"{layer}.weight": weights for layer in LAYERS}, folder / TENSOR_FILES[0])
    tensors = {f"{layer}.A": a for layer in LAYERS} | {f"{layer}.B": b.copy() for layer in LAYERS}
    for file in SNAPSHOTS:
        save_file(tensors, folder / file)
    (folder / "process.json").write_text('{"pid": 4000000}')
    (folder / "job.lock").touch()
    tokens = {"input_ids": np.zeros((1, 4), np.int64), "labels": np.zeros((1, 4), np.int64)}
    save_file(tokens, folder / "held_out_tokens.safetensors")
    save_file({"A": a}, folder / "adapter/adapter_model.safetensors")
    (folder / "adapter" / "adapter_config.json").write_text("{}")
    return folder


def _events() -> Iterator[Event]:
    yield StateEvent(state="training")
    memory = MemoryReading(resident=10**9)
    for step in range(3):
        yield EvaluationEvent(step=step, part="held_out", loss=2.0, perplexity=7.4, tokens=9)
        yield StepEvent(
            step=step + 1,
            steps=3,
            epoch=0.1,
            loss=2.0,
            gradient_norm=1.0,
            learning_rate=1e-3,
            tokens_per_second=100.0,
            seconds_left=1.0,
            memory=memory,
        )
    for step, file in enumerate(SNAPSHOTS):
        layers = [
            LayerReading(
                layer=layer,
                singular_values=(2.0, 1.0),
                delta_norm=2.2,
                a_norm=1.0,
                b_norm=1.0,
                scaling=2.0,
                base_sha256="0" * 64,
            )
            for layer in LAYERS
        ]
        yield SnapshotEvent(step=step, file=file, layers=tuple(layers))
    yield CheckpointEvent(step=2, folder="checkpoints/checkpoint-2")


def damaged_runs(root: Path) -> Iterator[tuple[str, str, str]]:
    """Make a folder for each file and damage: its name, the file, and what was done to it."""
    for file in (*JSON_FILES, "job.lock", *TENSOR_FILES):
        for damage, make in PATHS.items():
            folder = _copy(root, file, damage)
            (folder / file).unlink()
            make(folder / file)
            yield folder.name, file, damage
    for file in JSON_FILES:
        for damage, value in VALUES.items():
            folder = _copy(root, file, damage)
            lines = (folder / file).read_text().splitlines() if file == "events.jsonl" else None
            texts = lines or [(folder / file).read_text()]
            changed = [json.dumps(_with_numbers(json.loads(text), value)) for text in texts]
            (folder / file).write_text("\n".join(changed) + "\n")
            yield folder.name, file, damage
        folder = _copy(root, file, "later")
        _from_later(folder / file)
        yield folder.name, file, "later"
    for name in FOLDERS:
        for damage in ("missing", "half", "fifo", "nowhere", "itself"):
            folder = _copy(root, name, damage)
            shutil.rmtree(folder / name)
            PATHS[damage](folder / name)
            yield folder.name, name, damage
    yield from _tricks(root)


def damaged_full_runs(root: Path) -> Iterator[str]:
    """Full fine-tuning runs whose result or ΔW is damaged; the first one is whole."""
    for damage in ("whole", *PATHS):
        for file in ("layer_changes.safetensors", "result.json"):
            folder = root / f"full-{damage}-{file.split('.')[0]}"
            shutil.copytree(recorded_full_run().path, folder)
            if damage != "whole":
                (folder / file).unlink()
                PATHS[damage](folder / file)
            yield folder.name
    for damage, value in VALUES.items():
        folder = root / f"full-values-{damage}"
        shutil.copytree(recorded_full_run().path, folder)
        result = json.loads((folder / "result.json").read_text())
        result["layer_changes"][0]["singular_values"][0] = value
        (folder / "result.json").write_text(json.dumps(result))
        yield folder.name


def damaged_sweeps(root: Path) -> Iterator[str]:
    """Folders of sweeps whose plan is damaged."""
    plan = json.loads((recorded_lora_run().path.parent / "qa-sweep" / "sweep.json").read_text())
    for damage, make in PATHS.items():
        if damage != "missing":
            folder = root / f"sweep-{damage}"
            folder.mkdir()
            make(folder / "sweep.json")
            yield folder.name
    for damage, value in VALUES.items():
        folder = root / f"sweep-values-{damage}"
        folder.mkdir()
        (folder / "sweep.json").write_text(json.dumps(_with_numbers(plan, value)))
        yield folder.name


def _copy(root: Path, file: str, damage: str) -> Path:
    return whole_run(root, f"{file.replace('/', '_')}.{damage}")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


def _with_numbers(value: Any, number: Any) -> Any:
    """The same JSON with another value in the place of every number."""
    if isinstance(value, dict):
        return {key: _with_numbers(one, number) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_numbers(one, number) for one in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number if is_number else value


def _from_later(path: Path) -> None:
    """As a later version may write it: a field, a kind, a state that this one does not know."""
    if path.name == "events.jsonl":
        with path.open("a") as file:
            file.write('{"kind": "thought", "time": 1.0, "words": "hm"}\n')
        return
    values = json.loads(path.read_text())
    values |= {"settings.json": {"mood": 1}, "result.json": {"state": "paused"}}.get(
        path.name, {"pid": {"host": 1}}
    )
    path.write_text(json.dumps(values))


def _tricks(root: Path) -> Iterator[tuple[str, str, str]]:
    """Files that lead out of their folder, and folders that are none."""
    for damage, name in (("absolute", "/etc/passwd"), ("above", "../../../etc/passwd")):
        folder = _copy(root, "events.jsonl", damage)
        text = (folder / "events.jsonl").read_text()
        (folder / "events.jsonl").write_text(
            text.replace("snapshots/step-000000.safetensors", name)
        )
        yield folder.name, "snapshot", damage
    (root / "leads-nowhere").symlink_to("nowhere")
    yield "leads-nowhere", "settings.json", "nowhere"
    (root / "leads-to-itself").symlink_to("leads-to-itself")
    yield "leads-to-itself", "settings.json", "itself"
    (root / "nothing-in-it").mkdir()
    yield "nothing-in-it", "settings.json", "missing"
