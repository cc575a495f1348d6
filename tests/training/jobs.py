"""Short jobs on the embedded model, in this process or in one of their own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import lora_viz
from lora_viz.training.data.tasks import pretraining_sample
from lora_viz.training.jobs.job import do_job
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.settings import TrainingSettings, training_scenario

PATIENCE_SECONDS = 120
EMBEDDED_FOLDER = Path(lora_viz.__file__).parent / "data" / "tiny_gpt2"
SHORT: dict[str, Any] = {
    "steps": 6,
    "evaluate_every": 3,
    "evaluation_sequences": 4,
    "snapshot_every": 3,
    "checkpoint_every": 2,
    "warmup_steps": 0,
}
SMALL: dict[str, Any] = {"batch_size": 2, "seq_len": 32, "rank": 4}


def own_text(folder: Path) -> Path:
    """A text file of a size that is tokenised at once."""
    file = folder / "own.txt"
    file.write_text(pretraining_sample()[0][:6000], encoding="utf-8")
    return file


def short_settings(
    data: Path | str = "", scenario: dict[str, Any] | None = None, **values: Any
) -> TrainingSettings:
    """A few steps of a few short sequences."""
    chosen = training_scenario(SMALL | (scenario or {}))
    given: dict[str, Any] = SHORT | {"scenario": chosen} | values
    return TrainingSettings.make(given | ({"data_file": str(data)} if data else {}))


def run_here(root: Path, name: str, settings: TrainingSettings, **how: Any) -> tuple[Run, Result]:
    """Do a job in this process."""
    run = create_run(settings, name, root)
    how = {"simulates_memory": False} | how
    return run, do_job(run, settings, StopSignal(), Record(run), **how)


def wait_until_gone(run: Run) -> None:
    """Wait for the end of a job's process."""
    until = time.monotonic() + PATIENCE_SECONDS
    while run.is_alive():
        assert time.monotonic() < until, run.log_file.read_text()
        time.sleep(0.05)
