"""A small pool of worker processes that answer what needs torch, transformers or PEFT.

Each worker is a process pool of its own with one process, so that one that dies takes only the
questions with it that it had been given. The next question starts its successor.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from lora_viz.errors import UserError
from lora_viz.i18n import _, current_language, set_language

WORKERS = 2
ANSWER_SECONDS = 60
MEMORY_BYTES = 8 * 2**30


_main_module_lock = threading.Lock()


class Worker:
    """One worker process, started at its first question and again after it died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: ProcessPoolExecutor | None = None
        self._process: BaseProcess | None = None
        self.waiting = 0

    def load(self) -> Future[Any]:
        """Start the process; the future is done when it has loaded its libraries, or died."""
        with self._lock:
            return self._submit_to_living(os.getpid, ())

    def submit(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Future[Any]:
        """Give the worker one more question; a worker that has died is replaced first."""
        with self._lock:
            self.waiting += 1
            future = self._submit_to_living(function, arguments)
        future.add_done_callback(self._answered)
        return future

    def stop(self) -> None:
        """End the process at once, whatever it is doing."""
        with self._lock:
            if self._executor is not None:
                self._executor.shutdown(wait=False, cancel_futures=True)
                self._executor = None
            if self._process is not None:
                self._process.kill()

    def _submit_to_living(
        self, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Future[Any]:
        try:
            return self._submit(function, arguments)
        except BrokenProcessPool:
            self._executor = None
            return self._submit(function, arguments)

    def _submit(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Future[Any]:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_prepare_worker,
                initargs=(os.getpid(),),
            )
        with _no_main_module():
            others = set(multiprocessing.active_children())
            future = self._executor.submit(_run, current_language(), function, arguments)
            started = set(multiprocessing.active_children()) - others
        self._process = next(iter(started), self._process)
        return future

    def _answered(self, _future: Future[Any]) -> None:
        with self._lock:
            self.waiting -= 1


_pool = [Worker() for _number in range(WORKERS)]


def start(ended: threading.Event) -> None:
    """Start the workers one after the other, so that questions find torch loaded.

    Returns when all have loaded it, or when no more are to start because `ended` is set.
    """
    for worker in _pool:
        if ended.is_set():
            return
        wait([worker.load()])


def stop() -> None:
    """End every worker at once; whoever waits for an answer gets `UserError`."""
    for worker in _pool:
        worker.stop()


def submit(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Ask the least busy worker to call `function`, which must be a module's own, on plain data."""
    return min(_pool, key=lambda worker: worker.waiting).submit(function, arguments)


def wait_for(future: Future[Any]) -> Any:
    """The answer of a submitted question.

    Raises:
        UserError: the question's own, or one that says that the worker died.
    """
    try:
        return future.result()
    except (BrokenProcessPool, CancelledError):
        raise UserError(
            _("The process that was computing this answer stopped; change a setting to ask again.")
        ) from None


def _run(language: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """In the worker: call the function in the reader's language, for a limited time."""
    set_language(language)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(ANSWER_SECONDS)
    try:
        return function(*arguments)
    except MemoryError:
        raise UserError(
            _("This needs more than %s GiB of memory to work out; try a smaller model.")
            % (MEMORY_BYTES // 2**30)
        ) from None
    finally:
        signal.alarm(0)


def _give_up(_signal: int, _frame: object) -> None:
    raise UserError(_("This took more than %s seconds; try a smaller model.") % ANSWER_SECONDS)


def _prepare_worker(parent: int) -> None:
    """In a new worker: end with the parent, bound the memory, load the libraries."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        os.nice(5)

    import torch

    import lora_viz.saved_files  # noqa: F401 (loads torch, transformers and peft)

    torch.set_num_threads(1)  # several workers with several threads each hold one another up


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Hide `__main__` while a worker starts.

    Streamlit puts the script that it runs in `sys.modules["__main__"]`, and a spawned process
    would run that script again.
    """
    with _main_module_lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main
