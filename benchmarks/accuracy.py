"""Measured runs against simulated ones, each with the versions of the libraries that made it.

`make bench-accuracy` prints the table and keeps it for the page "How far to trust this". Every
pair of transformers and peft gets a separate environment, next to `.venv`'s other contents; torch
is the project's own, since the measured runs' versions of it need CUDA.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from statistics import median

from lora_viz.memory.measured_runs import (
    ACCURACY_FILE,
    Accuracy,
    MeasuredRun,
    compare,
    measured_runs,
)

REPOSITORY = Path(__file__).parents[1]
ENVIRONMENTS = REPOSITORY / ".venv" / "accuracy"
COMMON = (
    "torch==2.13.0", "pydantic", "typer", "babel", "safetensors", "huggingface_hub",
    "plotly", "pandas",
)  # fmt: skip


def main() -> None:
    """Simulate every measured run, print the table, and write it for the page."""
    rows: list[Accuracy] = []
    runs = measured_runs()
    for versions in dict.fromkeys((run.transformers, run.peft) for run in runs):
        of_these = [run for run in runs if (run.transformers, run.peft) == versions]
        rows += simulate_in(environment(*versions), of_these)
    print_table(rows)
    ACCURACY_FILE.write_text(
        json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8"
    )


def environment(transformers: str, peft: str) -> Path:
    """The Python of an environment with these versions; an unpublished peft gives way to the
    newest one of the same minor version."""
    folder = ENVIRONMENTS / f"transformers-{transformers}-peft-{peft}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        minor = peft.rpartition(".")[0]
        for wanted in (f"peft=={peft}", f"peft~={minor}.0"):
            packages = [*COMMON, f"transformers=={transformers}", wanted]
            if subprocess.run([*install, *packages], check=False).returncode == 0:
                break
        else:
            raise SystemExit(f"transformers {transformers} and peft {peft} cannot be installed.")
        (folder / "ready").touch()
    return python


def simulate_in(python: Path, runs: list[MeasuredRun]) -> list[Accuracy]:
    """The command line's answers in that environment, and what was measured."""
    lines = "\n".join(json.dumps(run.scenario) for run in runs)
    done = subprocess.run(
        [python, "-m", "lora_viz", "memory", "--batch", "-"],
        cwd=REPOSITORY,
        input=lines,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [compare(run, answer) for run, answer in zip(runs, answers, strict=True)]


def print_table(rows: list[Accuracy]) -> None:
    """One line a run in bytes, then the median and the largest error by metric."""
    print(f"{'run':<28}{'measured':>16}{'simulated':>16}{'error':>10}  versions")
    for row in rows:
        versions = f"transformers {row.software['transformers']}, peft {row.software['peft']}"
        print(f"{row.id:<28}{row.measured:>16,}{row.simulated:>16,}{row.error:>+10.4%}  {versions}")
    for metric in dict.fromkeys(row.metric for row in rows):
        errors = [abs(row.error) for row in rows if row.metric == metric]
        print(f"{metric}: median {median(errors):.4%}, largest {max(errors):.4%}")


if __name__ == "__main__":
    main()
