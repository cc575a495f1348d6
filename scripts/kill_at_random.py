"""Kill a training job at random moments and resume it: `python -m scripts.kill_at_random 30`.

After each kill the folder has to be readable, and the job has to go on from its last checkpoint;
at the end it has to finish with the adapter of a run that nobody killed, byte for byte. Prints
what it saw.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from lora_viz.training.jobs import launch
from lora_viz.training.runs.events import ResumedEvent, StateEvent, StepEvent
from lora_viz.training.runs.kept_runs import list_runs
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.settings import TrainingSettings, training_scenario

LONGEST_SECONDS = 12


def main() -> None:
    """Kill as often as the command line says."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    moments = random.Random(0)
    states: Counter[str] = Counter()
    scenario = training_scenario({"batch_size": 2, "seq_len": 32})
    settings = TrainingSettings.make(
        {"scenario": scenario, "steps": 400, "checkpoint_every": 5, "evaluation_sequences": 4}
    )
    with tempfile.TemporaryDirectory() as folder:
        whole = launch.start(settings, "whole", Path(folder))
        _wait(whole)
        expected = _adapter(whole)
        run, finished = launch.start(settings, "run-1", Path(folder)), 0
        for kill in range(kills):
            if kill % 2:  # half of the moments are between its first step and its end
                _wait_for_a_step(run)
            time.sleep(moments.random() * LONGEST_SECONDS)
            process, events = run.process_id(), run.events()
            if process is not None:
                states[run.state(events)] += 1
                os.kill(process, signal.SIGKILL)
            while run.is_alive():
                time.sleep(0.02)
            for found in list_runs(Path(folder)):
                assert found.settings == settings
                assert found.state() in ("interrupted", "finished")
                result = found.result()
                assert (result is not None) == (found.state() == "finished")
            if run.state() == "finished":
                finished += 1
                assert _adapter(run) == expected
                run = launch.start(settings, f"run-{kill + 2}", Path(folder))
            else:
                launch.resume(run)
        _wait(run)
        assert run.state() == "finished", run.log_file.read_text(encoding="utf-8")
        assert _adapter(run) == expected
        events = run.events()
        steps = [event.step for event in events if isinstance(event, StepEvent)]
        assert steps == [*range(1, 401)]
        resumed = [event.step for event in events if isinstance(event, ResumedEvent)]
    print(f"{kills} kills while {dict(states)}; {finished} runs finished between them.")
    print(f"The last run went on after steps {resumed} and finished with every step once.")
    print("Every finished run has the adapter of the run that was not killed, byte for byte.")


def _wait(run: Run) -> None:
    while run.is_alive():
        time.sleep(0.2)


def _adapter(run: Run) -> bytes:
    return (run.adapter_folder / "adapter_model.safetensors").read_bytes()


def _wait_for_a_step(run: Run) -> None:
    """Until this process has taken a step, or has gone."""
    while run.is_alive():
        events = run.events()
        begun = [place for place, event in enumerate(events) if isinstance(event, StateEvent)]
        if begun and any(isinstance(event, StepEvent) for event in events[begun[-1] :]):
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
