"""Let a training job run into a full disk, then resume it: `python -m scripts.fill_the_disk 30`.

Each job runs on a separate small file system (tmpfs, which needs root). For half of them its size
lies between nothing and what the job takes; the others have room until something else takes all of
it at a random moment. A job has to end with its true reason, or not to start and leave nothing;
with more room it has to go on to the same adapter, byte for byte. Prints what it saw.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.training.jobs import launch
from lora_viz.training.runs.events import StateEvent
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.settings import TrainingSettings, training_scenario

ENOUGH = 64 * 2**20
LONGEST_SECONDS = 14


def main() -> None:
    """Try the number of sizes that the command line says."""
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    settings = TrainingSettings.make(
        {
            "scenario": training_scenario({"batch_size": 2, "seq_len": 32}),
            "task": "qa",
            "steps": 12,
            "checkpoint_every": 4,
            "snapshot_every": 4,
            "evaluate_every": 4,
            "evaluation_sequences": 4,
        }
    )
    settings = settings.with_scenario(settings.scenario.changed(seq_len=128))
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        whole = launch.start(settings, "whole", Path(folder, "whole"))
        _wait(whole)
        expected, taken = _adapter(whole), _taken(whole.path.parent)
        print(f"an uninterrupted run ends {whole.state()} and leaves {taken:,} B", flush=True)
        for moment in range(moments):
            disk, share = Path(folder, f"disk-{moment}"), (moment + 1) / moments
            if moment % 2:
                size, delay = int(taken * 2.6 * share), None
            else:
                size, delay = ENOUGH // 2, share * LONGEST_SECONDS
            words = _one(disk, size, delay, settings, expected)
            seen[words.partition(";")[0]] += 1
            when = f"{size:,} B" if delay is None else f"full after {delay:.1f} s"
            print(f"{when:>20}: {words}", flush=True)
    print(dict(seen))


def _one(
    disk: Path, size: int, delay: float | None, settings: TrainingSettings, expected: bytes
) -> str:
    disk.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk))
    try:
        try:
            run = launch.start(settings, "run", disk)
        except UserError as error:
            assert not [*disk.iterdir()], "a start that was refused left something"
            return f"not started; {error}"
        if delay is not None:
            time.sleep(delay)
            _take_all(disk / "ballast")
        _wait(run)
        ended, result = run.state(), run.result()
        if ended == "finished":
            assert _adapter(run) == expected
            return "finished; there was room"
        assert result is not None, f"{ended} without a reason"
        states = [event.state for event in run.events() if isinstance(event, StateEvent)]
        (disk / "ballast").unlink(missing_ok=True)
        _mount("-o", f"remount,size={ENOUGH}", str(disk))
        launch.resume(run)
        _wait(run)
        is_same = run.state() == "finished" and _adapter(run) == expected
        words = f"{ended}, {result.reason}"
        return f"{words}; while {states[-1]}; resumed: {run.state()}, same adapter: {is_same}"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _take_all(ballast: Path) -> None:
    """Write until nothing more goes in."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def _mount(*options: str) -> None:
    subprocess.run(["mount", *options], check=True)


def _wait(run: Run) -> None:
    while run.is_alive():
        time.sleep(0.1)


def _adapter(run: Run) -> bytes:
    return (run.adapter_folder / "adapter_model.safetensors").read_bytes()


def _taken(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
