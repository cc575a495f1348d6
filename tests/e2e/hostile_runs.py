"""A folder of runs whose settings, events and results hold hostile text, made of recorded runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

from lora_viz.models.source import CustomGPT2
from lora_viz.training.runs.shipped import RECORDED
from tests.hostile import EVERYTHING, PIECES

# At most 200 characters of a model's name are shown; every kind of piece is among them.
MODEL = (
    "\n# ZE|![Zg](//o.example)<b>Zw</b>:material/home: http://Zi.example [Zf](//o.example"
    "**Za**__Zb__`ZC`$$E = Zt^2$$&lt;Zu&gt;%{Zz}:red[Zo]:smile: www.Zk.example Zl@o.example"
)
# a pattern that matches c_attn, and hostile text in its comment, which no bracket may end
TARGET = f".*c_attn(?#{' '.join(piece for piece in PIECES if not set('`)') & set(piece))})"
LORA, FULL, FAILED, SWEEP = "www.lora.example", "www.full.example", "www.failed.example", "www.s"
LAYER = "transformer.h.0.attn.c_attn"


def make_hostile_runs(root: Path, models: Path) -> str:
    """Make the runs in `root`, and in `models` the folder of a small model with a hostile name.

    Returns:
        The name of that model.
    """
    model = f"{models}/{MODEL}"
    Path(model).mkdir(parents=True)
    config = CustomGPT2(layers=2, width=64, heads=2, vocabulary=300, context=128).config()
    (Path(model) / "config.json").write_text(json.dumps(config))
    changes: dict[str, Any] = {
        "model": model,
        "target_modules": [TARGET],
        "data_file": f"/nowhere/{EVERYTHING}.txt".replace("\0", ""),
        "device": EVERYTHING,
        "torch": EVERYTHING,
        "note": EVERYTHING,
        "passed": None,
    }
    for name, recorded in ((LORA, "lora"), (FAILED, "lora"), (FULL, "full")):
        _copy(RECORDED / recorded, root / name, changes)
    _copy(RECORDED / "style-sweep", root / SWEEP, {"model": model})
    _copy(RECORDED / "style-sweep.r1.s0", root / f"{SWEEP}.r1.s0", changes)
    failed = {"state": "failed", "reason": EVERYTHING, "advice": EVERYTHING}
    _rewrite(root / FAILED / "result.json", failed)
    sample = dict.fromkeys(("prompt", "before", "after", "expected"), EVERYTHING)
    result = root / LORA / "result.json"
    result.write_text(json.dumps(json.loads(result.read_text()) | {"samples": [sample]}))
    with (root / LORA / "events.jsonl").open("a") as events:
        events.write(json.dumps({"kind": "notice", "message": EVERYTHING}) + "\n")
    return model


def _copy(recorded: Path, run: Path, changes: dict[str, Any]) -> None:
    """A run like a recorded one, with the changes and a layer that has a hostile name."""
    shutil.copytree(recorded, run)
    for file in run.rglob("*.json"):
        _rewrite(file, changes)
    for file in run.rglob("*.jsonl"):
        lines = [_changed(json.loads(line), changes) for line in file.read_text().splitlines()]
        file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    for file in run.rglob("*.safetensors"):
        tensors = load_file(file)
        save_file({key.replace(LAYER, EVERYTHING): tensors[key] for key in tensors}, file)


def _rewrite(file: Path, changes: dict[str, Any]) -> None:
    file.write_text(json.dumps(_changed(json.loads(file.read_text()), changes)))


def _replaced(name: str, value: Any, changes: dict[str, Any]) -> Any:
    """What stands under a name now; the size of a model's file, or that there is none, stays."""
    is_size = value is None or (isinstance(value, int) and not isinstance(value, bool))
    return value if is_size else changes.get(name, value)


def _changed(value: Any, changes: dict[str, Any]) -> Any:
    """The value with the changes at every depth."""
    if isinstance(value, dict):
        return {k: _changed(_replaced(k, inner, changes), changes) for k, inner in value.items()}
    if isinstance(value, list):
        return [_changed(inner, changes) for inner in value]
    return EVERYTHING if value == LAYER else value
