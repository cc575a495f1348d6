"""The simulated peak of the step that a job really takes, asked of a process of its own.

A simulated step replaces parts of torch and bitsandbytes for a while, and is not to do that beside
a live model. `python -m lora_viz.training.work.simulated` is that process: JSON in, JSON out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Literal

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.settings import step_settings
from lora_viz.training.settings import AS_TRAINED

MODULE = "lora_viz.training.work.simulated"
PATIENCE_SECONDS = 300.0


def simulated_peak(
    scenario: Scenario,
    bfloat16: bool,
    kind: Literal["text", "questions"],
    log: Callable[[str], None],
) -> int | None:
    """Peak allocated bytes of a step as the job runs it; None where that cannot be found out.

    `log` is told why, where the step itself is not at fault.
    """
    as_run = scenario.changed(
        **AS_TRAINED,
        training_loop="trainer",
        mixed_precision="bf16" if bfloat16 else "none",
        padding=kind == "questions",
    )
    question = {"model": scenario.model, "settings": step_settings(as_run).as_arguments()}
    try:
        done = subprocess.run(
            [sys.executable, "-m", MODULE],
            input=json.dumps(question),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log(f"The step was not simulated: {error}\n")
        return None
    try:
        return _read_peak(done.stdout)
    except ValueError:
        log(f"The step was not simulated:\n{done.stderr}\n")
        return None


def answer(question: dict[str, Any]) -> dict[str, int | None]:
    """The peak that was asked for; None where the step cannot be simulated."""
    try:
        return {"peak": simulate_step(**question).peak_allocated}
    except UserError:
        return {"peak": None}


def main() -> None:
    """Answer one question from standard input on the last line of standard output."""
    print(json.dumps(answer(json.load(sys.stdin))))


def _read_peak(printed: str) -> int | None:
    """The peak in the last line that was printed. Raises `ValueError` where there is none."""
    lines = printed.splitlines()
    told = json.loads(lines[-1]) if lines else None
    if not isinstance(told, dict) or "peak" not in told:
        raise ValueError("the process ended before it answered")
    return told["peak"]


if __name__ == "__main__":
    main()
