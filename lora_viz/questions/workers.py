"""A few worker processes that answer what needs torch, transformers or PEFT.

Every request waits in one of two queues, for light questions or heavy ones, until a worker takes
it. A worker has one process and gives it one question at a time, so that one that dies takes no
other question with it. Heavy questions never have all workers, so light ones do not wait behind
them; one that waits nevertheless, behind some that are not as light as they should be, gets a
worker of its own for a while.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import Any

from lora_viz.errors import UserError
from lora_viz.questions.process import DiedIdleError, WorkerProcess
from lora_viz.questions.question import Answer, Question, Weight
from lora_viz.questions.waiting import FairQueue, Request, stopped

TAKES: dict[Weight, tuple[Weight, ...]] = {"light": ("light",), "heavy": ("heavy", "light")}
AT_ONCE: dict[Weight, int] = {"light": 1, "heavy": 2}
MOST_LIGHT = 3  # with those that are started where light questions wait
PATIENCE_SECONDS = 3  # how long a light question waits until one is started
IDLE_SECONDS = 120  # after which a worker ends, unless it is the only one of its kind
NICENESS: dict[Weight, int] = {"light": 5, "heavy": 10}


class Worker(threading.Thread):
    """A thread that gives one question after the other to its process, which may have to start.

    `idle_seconds` is how long it waits for a question before it ends; None: for ever.
    """

    def __init__(self, pool: Pool, weight: Weight, idle_seconds: float | None) -> None:
        super().__init__(daemon=True, name=f"worker for {weight} questions")
        self.weight: Weight = weight
        self.idle_seconds = idle_seconds
        self.is_idle = True
        self._pool = pool
        self._lock = threading.Lock()
        self._is_ended = False
        self._process: WorkerProcess | None = None

    def run(self) -> None:
        """Answer questions until there are none, or until the worker is ended."""
        while (request := self._pool.take(self)) is not None:
            try:
                request.content.set_result(self._ask(request))
            except UserError as error:
                request.content.set_exception(error)
            except Exception:  # such as no process that can be started
                logging.getLogger(__name__).exception("A question could not be asked")
                request.content.set_exception(stopped())
        self.end()

    def _ask(self, request: Request[Any]) -> bytes:
        try:
            return self.load().ask(request)
        except DiedIdleError:
            return self.load().ask(request)

    def end(self) -> None:
        """End the process at once, whatever it is doing, and let no other start."""
        with self._lock:
            self._is_ended = True
            if self._process is not None:
                self._process.kill()

    def load(self) -> WorkerProcess:
        """The process, when it has loaded its libraries. Raises `UserError` where it cannot."""
        with self._lock:
            if self._is_ended:
                raise stopped()
            if self._process is None or not self._process.is_alive():
                self._process = WorkerProcess(NICENESS[self.weight])
            process = self._process
        process.load()
        return process


class Pool:
    """The requests that wait, and the workers that take them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[Weight, FairQueue] = {"light": FairQueue(), "heavy": FairQueue()}
        self._workers: list[Worker] = []

    def put(self, request: Request[Any]) -> None:
        """Let a request wait for a worker. Starts a thread at most, and never a process."""
        weight = request.question.weight
        with self._changed:
            self._waiting[weight].put(request)
            self._staff(weight, AT_ONCE[weight])
            self._changed.notify_all()

    def take(self, worker: Worker) -> Request[Any] | None:
        """Wait for a request that this worker can take; None where it is to end."""
        with self._changed:
            worker.is_idle = True
            self._changed.wait_for(
                lambda: worker not in self._workers or self._queue_for(worker),
                worker.idle_seconds,
            )
            worker.is_idle = False
            queue = self._queue_for(worker) if worker in self._workers else None
            self._changed.notify_all()  # what it leaves may now be another's
            if queue is None:
                with suppress(ValueError):
                    self._workers.remove(worker)
                return None
            return queue.take()

    def relieve(self, request: Request[Any]) -> None:
        """Start one more worker if this request still waits behind other light ones."""
        with self._changed:
            if request in self._waiting["light"]:
                self._staff("light", MOST_LIGHT)

    def worker(self, weight: Weight) -> Worker:
        """The lasting worker for questions of a weight."""
        with self._changed:
            found = [worker for worker in self._workers if worker.weight == weight]
            return found[0] if found else self._add(weight)

    def end(self) -> None:
        """End every worker at once, and leave every request without an answer."""
        with self._changed:
            workers, self._workers = self._workers, []
            for queue in self._waiting.values():
                while (request := queue.take()) is not None:
                    request.content.cancel()
            self._changed.notify_all()
        for worker in workers:
            worker.end()

    def _staff(self, weight: Weight, most: int) -> None:
        """Add a worker for questions of a weight if more wait than workers are idle."""
        idle = sum(one.is_idle for one in self._workers if weight in TAKES[one.weight])
        own = sum(one.weight == weight for one in self._workers)
        if idle < len(self._waiting[weight]) and own < most:
            self._add(weight)

    def _add(self, weight: Weight) -> Worker:
        is_first = all(worker.weight != weight for worker in self._workers)
        worker = Worker(self, weight, None if is_first else IDLE_SECONDS)
        self._workers.append(worker)
        worker.start()
        return worker

    def _queue_for(self, worker: Worker) -> FairQueue | None:
        """Where the worker's next question waits; another's kind only if those are all busy."""
        for weight in TAKES[worker.weight]:
            is_own = weight == worker.weight
            if self._waiting[weight] and (is_own or not self._has_idle(weight)):
                return self._waiting[weight]
        return None

    def _has_idle(self, weight: Weight) -> bool:
        return any(worker.is_idle for worker in self._workers if worker.weight == weight)


_pool = Pool()


def start(ended: threading.Event) -> None:
    """Start a worker of each kind, one after the other, so that questions find torch loaded.

    Returns when they have loaded it, or when no more are to start because `ended` is set.
    """
    for weight in TAKES:
        if ended.is_set():
            return
        with suppress(UserError):  # the next question tells why
            _pool.worker(weight).load()


def stop() -> None:
    """End every worker at once; whoever waits for an answer gets `UserError`."""
    _pool.end()


def submit(question: Question[Answer]) -> Request[Answer]:
    """Let a question wait for a worker; `wait_for` has the answer."""
    request = Request(question)
    _pool.put(request)
    return request


def wait_for(request: Request[Answer]) -> Answer:
    """The answer of what was submitted.

    Raises:
        UserError: the question's own, or one that says that the worker died.
    """
    try:
        return request.answer(PATIENCE_SECONDS)
    except TimeoutError:
        _pool.relieve(request)
        return request.answer()
