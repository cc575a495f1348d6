"""Runs that were recorded by this project and ship with it, in the very form of a reader's own.

`scripts/record_runs.py` makes them; the README beside the data says on what machine and when.
"""

from __future__ import annotations

from pathlib import Path

from lora_viz.training.runs.run_folder import Run

RECORDED = Path(__file__).parents[2] / "data" / "recorded"
SHIPPED = ("lora", "full")  # with a tilde before it a name in links; no reader's run can have it


def recorded_lora_run() -> Run:
    """A LoRA run with snapshots in float16."""
    return Run(RECORDED / "lora")


def recorded_full_run() -> Run:
    """A full fine-tuning run with ΔW of a few layers in float16."""
    return Run(RECORDED / "full")


def shipped_runs() -> dict[str, Run]:
    """The single runs that ship, by their names in links."""
    return {f"~{name}": Run(RECORDED / name) for name in SHIPPED}


def is_shipped(folder: Path) -> bool:
    """Whether a run's or a sweep's folder is one of those that ship."""
    return folder.parent == RECORDED
