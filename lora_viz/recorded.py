"""Runs that were recorded by this project and ship with it, in the very form of a reader's own.

`scripts/record_runs.py` makes them; the README beside the data says on what machine and when.
"""

from __future__ import annotations

from pathlib import Path

from lora_viz.training.run_folder import Run
from lora_viz.training.sweep import Sweep

RECORDED = Path(__file__).parent / "data" / "recorded"


def recorded_lora_run() -> Run:
    """A LoRA run with snapshots in float16."""
    return Run(RECORDED / "lora")


def recorded_full_run() -> Run:
    """A full fine-tuning run with ΔW of a few layers in float16."""
    return Run(RECORDED / "full")


def recorded_sweep(task: str) -> Sweep | None:
    """The rank sweep on a shipped task, if one was recorded."""
    sweep = Sweep(RECORDED / f"{task}-sweep")
    return sweep if sweep.path.is_dir() else None
