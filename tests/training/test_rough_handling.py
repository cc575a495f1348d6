"""Jobs whose folders, processes and moments are not as they should be: a sentence, and no wait."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from lora_viz import storage
from lora_viz.cli.app import _unexpected
from lora_viz.errors import UserError
from lora_viz.i18n import Message
from lora_viz.training.folder import job_folder, locks
from lora_viz.training.folder.files import read_file
from lora_viz.training.folder.places import NameTakenError
from lora_viz.training.folder.writing import make_first
from lora_viz.training.jobs import launch
from lora_viz.training.jobs.failures import explain
from lora_viz.training.jobs.stopping import asked_to_stop_later
from lora_viz.training.runs import kept_runs
from lora_viz.training.runs.events import EventWriter, StateEvent, read_events
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.story import read_story
from lora_viz.training.sweeps import sweep as sweeps
from lora_viz.training.sweeps.plan import SweepPlan
from lora_viz.training.sweeps.sweep import create_sweep
from tests.training.damaged_runs import LAYERS, PATHS, SNAPSHOTS, whole_run
from tests.training.jobs import short_settings

LONGEST_SECONDS = 20
STOPPED = Result(state="stopped", started=1.0, ended=2.0).model_dump_json()


@pytest.fixture(autouse=True)
def nothing_waits_for_ever() -> Iterator[None]:
    """A FIFO without its other end holds up whoever opens it; then the test fails."""

    def give_up(_signal: int, _frame: object) -> None:
        raise AssertionError("this waited")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Jobs whose processes only sleep, and hold what they inherited."""
    started: list[subprocess.Popen[bytes]] = []
    start: Any = subprocess.Popen

    def sleep(_command: list[str], **how: Any) -> subprocess.Popen[bytes]:
        started.append(start(["sleep", "60"], preexec_fn=_listen, **how))
        return started[-1]

    monkeypatch.setattr(launch.subprocess, "Popen", sleep)
    yield started
    for process in started:
        process.kill()
        process.wait()


def _listen() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def stopped_run(root: Path, name: str = "one") -> Run:
    run = create_run(short_settings(), name, root)
    run.result_file.write_text(STOPPED)
    return run


@pytest.mark.parametrize("damage", ["fifo", "folder", "device", "sparse", "nowhere", "itself"])
@pytest.mark.parametrize("file", ["events.jsonl", "process.log", ".reserve", "process.json"])
def test_whatever_stands_where_a_resumed_job_writes_costs_a_sentence_or_nothing(
    file: str, damage: str, tmp_path: Path, sleeping: list[subprocess.Popen[bytes]]
) -> None:
    run, outside = stopped_run(tmp_path), tmp_path / "outside"
    (run.path / file).unlink(missing_ok=True)
    PATHS[damage](run.path / file)
    try:
        launch.resume(run)
    except UserError as error:
        assert file in str(error) or "cannot be written" in str(error)
        assert not sleeping and run.state() == "stopped"
    else:
        assert sleeping and not outside.exists()


@pytest.mark.parametrize(
    "name",
    [
        "events.jsonl",
        "process.log",
        "held_out_tokens.safetensors",
        "layer_changes.safetensors",
        "snapshots",
        "snapshots/step-000003.safetensors",
        "checkpoints",
        "checkpoints/checkpoint-2",
        "adapter",
        "adapter/adapter_model.safetensors",
        "model",
    ],
)
def test_what_a_link_leads_to_is_not_a_resumed_jobs_to_write(
    name: str, tmp_path: Path, sleeping: list[subprocess.Popen[bytes]]
) -> None:
    """A folder from somewhere else may hold a link to the reader's own files."""
    run, outside = stopped_run(tmp_path), tmp_path / "outside"
    is_folder = "." not in name
    precious = outside / "checkpoint-7" / "mine" if is_folder else outside
    precious.parent.mkdir(parents=True, exist_ok=True)
    precious.write_text("mine, and no newline at its end")
    path = run.path / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(outside)
    for resume in (launch.resume, launch.prepare_to_resume):
        with pytest.raises(UserError, match="is a link, and what it leads to") as raised:
            resume(Run(run.path))
        assert str(raised.value).startswith(name)
    assert precious.read_text() == "mine, and no newline at its end"
    assert not sleeping and run.state() == "stopped"


def test_room_is_not_taken_at_the_end_of_a_link(tmp_path: Path) -> None:
    run, precious = stopped_run(tmp_path), tmp_path / "precious.txt"
    precious.write_text("mine")
    (run.path / ".reserve").unlink()
    (run.path / ".reserve").symlink_to(precious)
    launch.prepare_to_resume(run)
    assert precious.read_text() == "mine" and run.result() is None


@pytest.mark.parametrize("damage", ["fifo", "device", "sparse", "folder", "nowhere"])
def test_what_is_in_use_is_found_whatever_settings_are(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path / "storage"))
    kept = storage.keep("uploads", f"{'a1' * 8}/config.json", b"{}")
    os.utime(kept, (0, 0))
    for name in ("damaged", "whole"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    PATHS[damage](tmp_path / "runs" / "damaged" / "settings.json")
    (tmp_path / "runs" / "whole" / "settings.json").write_text(f'{{"model": "upload:{"a1" * 8}"}}')
    assert storage.prune("uploads", everything=True).files == 0 and kept.exists()
    answer = storage.keep("answers", "v/a.json", b"1")
    answer.unlink()
    PATHS[damage](answer)
    if damage != "sparse":
        with pytest.raises(OSError, match=r"."):
            storage.read("answers", "v/a.json")


def test_half_a_line_goes_and_the_rest_of_any_length_stays(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    line = StateEvent(state="loading").model_dump_json().encode() + b"\n"
    for rest, left in ((b"", 2000), (b"x" * 70_000, 2000), (b'{"kind"', 0)):
        file.write_bytes(line * left + rest)
        writer = EventWriter(file)
        assert file.stat().st_size == len(line) * left
        writer.write(StateEvent(state="training"))
        writer.close()
        assert len(read_events(file)) == left + 1


def test_a_process_that_only_a_file_names_is_left_alone(tmp_path: Path) -> None:
    run = create_run(short_settings(), "one", tmp_path)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        with run.held():
            run.remember_process(stranger.pid)
            with pytest.raises(UserError, match=r"cannot be stopped now: its file process\.json"):
                launch.stop(run)
        assert stranger.poll() is None and not launch.stop(run)
    finally:
        stranger.kill()
        stranger.wait()


def test_a_suspended_job_hears_that_it_is_to_stop(
    tmp_path: Path, sleeping: list[subprocess.Popen[bytes]]
) -> None:
    run = launch.start(short_settings(), "one", tmp_path)
    (process,) = sleeping
    process.send_signal(signal.SIGSTOP)
    assert launch.stop(run) and process.wait() == -signal.SIGTERM


def test_a_job_that_is_stopped_before_it_listens_hears_it_then() -> None:
    code = (
        "import sys, time; print(flush=True); time.sleep(0.3)\n"
        "from lora_viz.training.jobs.stopping import StopSignal\n"
        "stop = StopSignal(); stop.listen(); print(stop.requested)"
    )
    with asked_to_stop_later():
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdout.readline() == b"\n"
    child.terminate()
    assert child.communicate()[0] == b"True\n" and child.returncode == 0


def test_of_several_that_resume_a_run_at_once_one_does(
    tmp_path: Path, sleeping: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stopped_run(tmp_path)
    looked = threading.Barrier(3)
    look = launch._need_its_turn_over

    def look_together(run: Run) -> None:
        look(run)
        looked.wait(LONGEST_SECONDS)

    monkeypatch.setattr(launch, "_need_its_turn_over", look_together)
    refused: list[str] = []

    def resume() -> None:
        try:
            launch.resume(Run(run.path))
        except UserError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=resume) for _one in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sleeping) == 1 and refused == ["“one” is still running."] * 2
    assert run.result() is None and (run.path / "result.before_resuming.json").is_file()


def test_a_run_that_was_deleted_or_finished_meanwhile_does_not_go_on(
    tmp_path: Path, sleeping: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_need_its_turn_over", lambda _run: None)
    finished = stopped_run(tmp_path, "finished")
    finished.result_file.write_text(STOPPED.replace("stopped", "finished"))
    with pytest.raises(UserError, match="has finished"):
        launch.resume(finished)
    gone = stopped_run(tmp_path, "gone")
    shutil.rmtree(gone.path)
    with pytest.raises(UserError, match="gone"):
        launch.resume(gone)
    assert not sleeping and not gone.path.exists()


def test_nobody_resumes_what_is_being_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(short_settings(), "one", tmp_path)
    remove = shutil.rmtree

    def remove_while_it_is_resumed(path: Path, **how: Any) -> None:
        with pytest.raises(UserError, match="still running"):
            launch.resume(run)
        remove(path, **how)

    monkeypatch.setattr(job_folder.shutil, "rmtree", remove_while_it_is_resumed)
    run.delete()
    assert not run.path.exists()


@pytest.mark.parametrize("module", [kept_runs, sweeps])
def test_of_two_that_take_an_empty_folder_at_once_one_gets_it(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").mkdir()

    def after_another(path: Path) -> bool:
        path.write_text("another's")
        return make_first(path)

    monkeypatch.setattr(module, "make_first", after_another)
    with pytest.raises(NameTakenError, match="one"):
        if module is kept_runs:
            create_run(short_settings(), "one", tmp_path)
        else:
            create_sweep(SweepPlan(settings=short_settings()), "one", tmp_path)
    (left,) = (tmp_path / "one").iterdir()
    assert left.read_text() == "another's"


@pytest.mark.parametrize("moment", [-(2**40), 2**60])
def test_a_folder_of_any_time_is_described(
    moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(short_settings(), "one", tmp_path)
    monkeypatch.setattr(job_folder, "stamp", lambda _path: (moment * 10**9, 0, 0, 0))
    assert 0 <= run.created() <= job_folder.LAST_SECOND


def vector(tensors: dict[str, np.ndarray]) -> None:
    tensors[f"{LAYERS[0]}.A"] = np.zeros(6, np.float32)
    tensors[f"{LAYERS[0]}.delta"] = np.ones((8, 6), np.float32)


def without_rows(tensors: dict[str, np.ndarray]) -> None:
    tensors[f"{LAYERS[0]}.A"] = np.zeros((0, 6), np.float32)
    tensors[f"{LAYERS[0]}.B"] = np.zeros((8, 0), np.float32)


def without_a(tensors: dict[str, np.ndarray]) -> None:
    del tensors[f"{LAYERS[0]}.A"]
    tensors[f"{LAYERS[0]}.delta"] = np.ones((8, 6), np.float32)


def other_rank(tensors: dict[str, np.ndarray]) -> None:
    tensors[f"{LAYERS[0]}.A"] = np.ones((3, 6), np.float32)
    tensors[f"{LAYERS[0]}.B"] = np.ones((8, 3), np.float32)


def no_number(tensors: dict[str, np.ndarray]) -> None:
    tensors[f"{LAYERS[0]}.A"] = np.full((2, 6), np.nan, np.float32)
    tensors[f"{LAYERS[0]}.delta"] = np.ones((8, 6), np.float32)


@pytest.mark.parametrize("change", [vector, without_rows, without_a, other_rank, no_number])
def test_snapshots_of_no_matrices_or_of_others_are_no_story(
    change: Callable[[dict[str, np.ndarray]], None], tmp_path: Path
) -> None:
    from safetensors.numpy import load_file

    folder = whole_run(tmp_path, "one")
    tensors = load_file(folder / SNAPSHOTS[1])
    change(tensors)
    save_file(tensors, folder / SNAPSHOTS[1])
    with pytest.raises(UserError, match="“one”"):
        read_story(Run(folder), LAYERS[0])
    assert read_story(Run(folder), LAYERS[1]).moments


def test_a_small_file_takes_little_memory_however_large_it_might_be(tmp_path: Path) -> None:
    """Under a bound on memory a job failed that asked for 1 GiB to read 150 bytes."""
    folder = whole_run(tmp_path / "runs", "one")
    kept = storage.keep("answers", "small", b"x" * 100)
    tracemalloc.start()
    try:
        sizes = [len(read_file(folder, name)) for name in ("events.jsonl", "result.json")]
        sizes.append(len(storage.read("answers", "small")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    files = (folder / "events.jsonl", folder / "result.json", kept)
    assert sizes == [file.stat().st_size for file in files] and peak < 2**20


def test_a_message_that_multiplies_itself_is_refused() -> None:
    data: Any = "x" * 100
    for _level in range(4):
        data = {"text": "%(a)s" * 100, "values": {"a": data}}
    with pytest.raises(ValueError, match="too long"):
        Message.from_data(data)
    assert str(Message.from_data({"text": "%(a)s!", "values": {"a": "x" * 300}})) == "x" * 300 + "!"


@pytest.mark.parametrize(
    "words",
    [
        "libtorch_cpu.so: failed to map segment from shared object",
        "can't start new thread",
        "std::bad_alloc",
        "Unable to allocate 3.81 MiB for an array",
    ],
)
def test_too_little_memory_is_the_reason_however_it_is_put(words: str) -> None:
    for kind in (ImportError, RuntimeError, OSError):
        assert "not enough memory" in str(explain(kind(words))[0])
        assert "too little memory" in _unexpected(kind(words))


def test_a_lock_that_leads_elsewhere_makes_no_file_there(tmp_path: Path) -> None:
    (tmp_path / "job.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        locks.take(tmp_path / "job.lock")
    assert not (tmp_path / "elsewhere").exists()
