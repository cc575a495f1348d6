"""Workers: they end at once, whatever they are doing, and start again when they are asked."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lora_viz.errors import UserError
from lora_viz.questions import process, workers
from lora_viz.questions.question import Question
from lora_viz.questions.waiting import FairQueue, Request

LONG = 40  # seconds that nobody waits for


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[workers.Pool]:
    """Workers that no other test asks, so that none of theirs is ended and has to load again."""
    own = workers.Pool()
    monkeypatch.setattr(workers, "_pool", own)
    yield own
    own.end()


def sleep_long(_number: int) -> None:
    time.sleep(LONG)


def note_and_wait(folder: str, name: str) -> None:
    """Note the name, then take until there is a file `go`."""
    with Path(folder, "asked").open("a") as notes:
        notes.write(f"{name}\n")
    wait_for_a_sign(folder)


def wait_for_a_sign(folder: str) -> None:
    """A light question that is not as light as it should be."""
    while not Path(folder, "go").exists():
        time.sleep(0.02)


def catch_everything(_number: int) -> str:
    """As a library would that goes on after every error."""
    for _attempt in range(LONG):
        try:
            time.sleep(1)
        except Exception:
            return "caught"
    return "slept"


def never_listen(_number: int) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(LONG)


def test_stopping_ends_busy_workers_and_what_waits_behind_them() -> None:
    busy = [workers.submit(Question(sleep_long, (number,), weight="heavy")) for number in range(4)]
    workers.stop()
    for question in busy:
        with pytest.raises(UserError, match="stopped"):
            workers.wait_for(question)
    assert workers.wait_for(workers.submit(Question(os.getpid))) != os.getpid()


def test_no_worker_starts_once_the_server_has_ended() -> None:
    workers.stop()
    before = set(multiprocessing.active_children())
    ended = threading.Event()
    ended.set()
    workers.start(ended)
    assert set(multiprocessing.active_children()) <= before


def test_starting_returns_when_every_worker_has_loaded() -> None:
    workers.start(threading.Event())
    processes = {workers.wait_for(workers.submit(Question(os.getpid))) for _question in range(4)}
    assert processes <= {child.pid for child in multiprocessing.active_children()}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each worker loads torch itself")
def test_workers_are_forked_from_one_process_and_survive_it() -> None:
    workers.start(threading.Event())
    answers = {workers.wait_for(workers.submit(Question(os.getppid))) for _question in range(4)}
    (forking,) = answers
    assert forking != os.getpid()
    os.kill(forking, signal.SIGKILL)
    until = time.monotonic() + LONG
    while (answer := _parent_of_a_worker()) in (None, forking):
        assert time.monotonic() < until
    assert answer != os.getpid()


def test_a_worker_that_died_while_it_was_idle_costs_no_question() -> None:
    for _death in range(5):
        worker = workers.wait_for(workers.submit(Question(os.getpid)))
        os.kill(worker, signal.SIGKILL)
        assert workers.wait_for(workers.submit(Question(os.getpid))) != worker


@pytest.mark.parametrize("folder", ["long" * 30, "no/such/folder"])
def test_workers_need_no_folder_for_temporary_files(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that is too long for a socket, or none at all."""
    code = (
        "import os; from lora_viz.questions import question, workers;"
        "print(workers.wait_for(workers.submit(question.Question(os.getpid))))"
    )
    named = tmp_path / folder
    if "no" not in folder:
        named.mkdir()
    monkeypatch.setenv("TMPDIR", str(named))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 0


def test_a_suspended_process_to_fork_from_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(_process: object) -> None:
        time.sleep(LONG)

    monkeypatch.setattr(process, "START_SECONDS", 0.1)
    monkeypatch.setattr(process.WorkerProcess, "_try_to_start", never)
    with pytest.raises(UserError, match="stopped"):
        workers.wait_for(workers.submit(Question(os.getpid)))


def _parent_of_a_worker() -> int | None:
    """None where the worker has died meanwhile."""
    try:
        return workers.wait_for(workers.submit(Question(os.getppid)))
    except UserError:
        return None


def test_light_questions_overtake_heavy_ones_and_nobody_s_many_hold_up_another_s(
    tmp_path: Path,
) -> None:
    def heavy(name: str) -> Question[None]:
        return Question(note_and_wait, (str(tmp_path), name), weight="heavy")

    many = [workers.submit(heavy(f"many {n}")) for n in range(6)]
    while len(_noted(tmp_path)) < workers.AT_ONCE["heavy"]:
        time.sleep(0.02)
    for _light in range(3):
        assert workers.wait_for(workers.submit(Question(os.getpid)))
    asked: list[Request[None]] = []
    other = threading.Thread(target=lambda: asked.append(workers.submit(heavy("other"))))
    other.start()
    other.join()
    assert not any(request.content.done() for request in many)
    (tmp_path / "go").touch()
    for question in many + asked:
        workers.wait_for(question)
    order = _noted(tmp_path)
    # taken in turn, but a busy machine may let one process note two before the other notes one
    assert order.index("other") < order.index("many 5") and len(order) == 7


def test_a_light_question_behind_slow_ones_gets_a_worker_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers.start(threading.Event())
    monkeypatch.setattr(workers, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(workers, "IDLE_SECONDS", 0.1)
    slow = [
        workers.submit(Question(wait_for_a_sign, (str(tmp_path),))) for _worker in workers.TAKES
    ]
    extra = workers.wait_for(workers.submit(Question(os.getpid)))
    assert not any(request.content.done() for request in slow)
    (tmp_path / "go").touch()
    for question in slow:
        workers.wait_for(question)
    while extra in {child.pid for child in multiprocessing.active_children()}:
        time.sleep(0.02)  # it ends when nothing is asked of it
    assert workers.wait_for(workers.submit(Question(os.getpid))) != extra


def test_the_queue_takes_askers_in_turn() -> None:
    queue = FairQueue()
    for asker, name in ((1, "a"), (1, "b"), (1, "c"), (2, "d"), (3, "e"), (2, "f")):
        queue.put(Request(Question(os.getpid, (name,)), asker=asker))
    assert len(queue) == 6
    taken = [request.question.arguments[0] for request in iter(queue.take, None)]
    assert taken == ["a", "d", "e", "b", "f", "c"] and len(queue) == 0


def test_a_question_takes_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether its function catches every error, or never comes to hear of the alarm."""
    assert workers.wait_for(workers.submit(Question(os.getpid)))
    monkeypatch.setattr(process, "ANSWER_SECONDS", 1)
    with pytest.raises(UserError, match="more than 1 seconds"):
        workers.wait_for(workers.submit(Question(catch_everything, (0,))))
    monkeypatch.setattr(process, "GRACE_SECONDS", 1)
    with pytest.raises(UserError, match="more than 1 seconds"):
        workers.wait_for(workers.submit(Question(never_listen, (0,))))


def _noted(folder: Path) -> list[str]:
    try:
        return (folder / "asked").read_text().splitlines()
    except FileNotFoundError:
        return []
