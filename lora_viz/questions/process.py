"""One worker process: what runs in it, and the handle that the server has on it.

The server sends a function's name with plain data. It hears that this was taken, and gets bytes
back, of which the first says what they are. Nothing that a worker sends is unpickled.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.util import get_temp_dir
from pathlib import Path
from types import ModuleType
from typing import Any

from lora_viz.errors import LastingError, UserError, in_a_sentence, is_lack_of_memory
from lora_viz.i18n import N_, Message
from lora_viz.questions.plain import encode
from lora_viz.questions.waiting import Request, stopped

PRELOADED = "lora_viz.questions.preloaded"
ANSWER_SECONDS = 60
GRACE_SECONDS = 10  # then a process that does not even hear the alarm is killed
START_SECONDS = 300
MEMORY_BYTES = 8 * 2**30
CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # version 1 of cgroups
)

READY, TAKEN, ANSWER, REFUSAL, LASTING, UNFORESEEN = b"r", b"t", b"a", b"e", b"l", b"u"
REFUSALS: dict[bytes, type[UserError]] = {REFUSAL: UserError, LASTING: LastingError}

_main_module_lock = threading.Lock()


class WorkerProcess:
    """The server's handle on a worker process, which starts when it is first waited for."""

    def __init__(self, niceness: int) -> None:
        self._connection, self._theirs = multiprocessing.Pipe()
        self._process = _processes().Process(
            target=_serve, args=(self._theirs, niceness), daemon=True
        )
        self._is_started = self._is_loaded = self._is_lost = False
        self._loading = threading.Lock()

    def is_alive(self) -> bool:
        """Whether the process can be asked, which it may have to start for."""
        return not self._is_lost and (not self._is_started or self._process.is_alive())

    def kill(self) -> None:
        """End the process at once, whatever it is doing, or as soon as it has started."""
        self._is_lost = True
        if self._is_started:
            self._process.kill()

    def load(self) -> None:
        """Wait until the process has loaded its libraries. Raises `UserError` where it cannot."""
        with self._loading:
            if self._is_loaded:
                return
            try:
                self._start()
                self._receive(START_SECONDS)
            except _GoneError:
                if _is_limited():  # with too little memory even the reason cannot be told
                    raise UserError(_cannot_load(MemoryError())) from None
                raise
            except UserError:
                self.kill()
                raise
            self._is_loaded = True

    def _start(self) -> None:
        """Start the process. Raises `UserError` where there is none to fork it from."""
        starting = threading.Thread(target=self._try_to_start, daemon=True)
        starting.start()
        starting.join(START_SECONDS)  # what it is forked from may be suspended
        if not self._is_started:
            self._is_lost = True
            raise _GoneError(stopped().message)
        if self._is_lost:
            self._process.kill()

    def _try_to_start(self) -> None:
        with _no_main_module():
            try:
                self._process.start()
            except (OSError, EOFError):  # the one to fork from has died, and another is started
                with suppress(OSError, EOFError):
                    self._process.start()
        self._is_started = self._process.pid is not None
        self._theirs.close()

    def ask(self, request: Request[Any]) -> bytes:
        """The answer as JSON.

        Raises:
            UserError: there is none; `DiedIdleError` where the process was never asked.
        """
        self.load()
        question = request.question
        task = pickle.dumps((ANSWER_SECONDS, question.function, question.arguments))
        try:
            self._connection.send_bytes(task)
            is_taken = self._connection.poll(ANSWER_SECONDS) and self._connection.recv_bytes()
        except (EOFError, OSError):
            is_taken = False
        if not is_taken:
            self.kill()
            raise DiedIdleError(stopped().message)
        return self._receive(ANSWER_SECONDS + GRACE_SECONDS)

    def _receive(self, seconds: float) -> bytes:
        try:
            if not self._connection.poll(seconds):
                self.kill()
                raise _too_slow(ANSWER_SECONDS)
            reply = self._connection.recv_bytes()
        except (EOFError, OSError):
            self.kill()
            raise _GoneError(stopped().message) from None
        kind, content = reply[:1], reply[1:]
        if kind == UNFORESEEN:
            message, story = json.loads(content)
            logging.getLogger(__name__).error("A worker failed:\n%s", story)
            raise UserError(Message.from_data(message))
        if kind in REFUSALS:
            raise REFUSALS[kind](Message.from_data(json.loads(content)))
        return content


class DiedIdleError(UserError):
    """The process ended before it was asked, so that another can be."""


class _GoneError(UserError):
    """The process ended without an answer."""


class _OutOfTimeError(BaseException):
    """The alarm; no library catches it by `except Exception`."""


def _processes() -> Any:
    """How processes start: forked from one that has loaded the libraries, or each by itself.

    On macOS a process that has loaded torch is not to fork; Windows knows no forking. Processes are
    asked for through a socket in the folder for temporary files.
    """
    if sys.platform != "linux" or not _has_room_for_a_socket():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    return context


def _has_room_for_a_socket() -> bool:
    """Whether the folder for temporary files can hold the socket that asks for processes.

    Linux gives a socket's path 108 bytes, of which its own name takes up to 20.
    """
    try:
        return len(os.fsencode(get_temp_dir())) < 88
    except OSError:  # there is none
        return False


def _serve(connection: Connection, niceness: int) -> None:
    """In the process: load the libraries, then answer one question after the other."""
    try:
        memory_bytes = _prepare(niceness)
    except Exception as error:
        connection.send_bytes(_failure(_cannot_load(error)))
        return
    connection.send_bytes(READY)
    with suppress(EOFError, OSError):  # the server has ended
        while True:
            task = connection.recv_bytes()
            connection.send_bytes(TAKEN)
            connection.send_bytes(_reply(task, memory_bytes))


def _reply(task: bytes, memory_bytes: int) -> bytes:
    """One question's answer, or why there is none, whatever happens meanwhile."""
    try:
        seconds, function, arguments = pickle.loads(task)
        with _limited_time(seconds):
            return ANSWER + encode(function, function(*arguments))
    except _OutOfTimeError as error:
        return _refusal(_too_slow(*error.args))
    except BaseException as error:
        if is_lack_of_memory(error):
            return _refusal(_too_large(memory_bytes))
        if isinstance(error, UserError):
            return _refusal(error)
        return _failure(
            Message(
                N_("This cannot be answered, for an unforeseen reason (%s); the log says more."),
                type(error).__name__,
            )
        )


def _refusal(error: UserError) -> bytes:
    kind = LASTING if isinstance(error, LastingError) else REFUSAL
    return kind + json.dumps(error.message.as_data()).encode()


def _failure(message: Message) -> bytes:
    """The message for the reader, and for the log the error that is being handled."""
    return UNFORESEEN + json.dumps([message.as_data(), _story()]).encode()


def _story() -> str:
    """The error that is being handled, which takes memory to tell, too."""
    try:
        return traceback.format_exc()
    except (MemoryError, SystemError):  # Python raises the second where a constructor has none left
        return "There was too little memory to tell how."


def _cannot_load(error: Exception) -> Message:
    reason = in_a_sentence(error)
    if is_lack_of_memory(error):
        reason = Message(N_("a process may take too little memory"))
    return Message(N_("The libraries that answer this cannot be loaded here: %s."), reason)


def _too_slow(seconds: int) -> LastingError:
    return LastingError(N_("This took more than %s seconds; try a smaller model."), seconds)


def _too_large(memory_bytes: int) -> LastingError:
    gibibytes = f"{memory_bytes / 2**30:.3g}"
    return LastingError(
        N_("This needs more than %s GiB of memory to work out; try a smaller model."), gibibytes
    )


@contextmanager
def _limited_time(seconds: int) -> Iterator[None]:
    """Raise `_OutOfTimeError` when the time is over, and again each second where it is caught."""

    def give_up(_signal: int, _frame: object) -> None:
        raise _OutOfTimeError(seconds)

    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _prepare(niceness: int) -> int:
    """End with the server, bound the memory, load the libraries; return the bound in bytes."""
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    memory_bytes = MEMORY_BYTES
    if sys.platform == "linux":
        memory_bytes = _bound_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_module(PRELOADED).load()
    if sys.platform != "win32":
        os.nice(max(0, niceness - os.nice(0)))

    import torch

    torch.set_num_threads(1)  # several workers with several threads each hold one another up
    return memory_bytes


def _bound_memory() -> int:
    """Bound what this process can allocate, within what is allowed anyway; return the bound."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limits = (MEMORY_BYTES, soft, hard, *_container_limits())
    memory_bytes = min(limit for limit in limits if limit != resource.RLIM_INFINITY)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, hard))
    with suppress(OSError):  # if memory runs out, a worker is to die and not the server
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    return memory_bytes


def _is_limited() -> bool:
    """Whether this process, and so each that it starts, is allowed less memory than a worker."""
    if sys.platform != "linux":
        return False
    import resource

    limits = (resource.getrlimit(one)[0] for one in (resource.RLIMIT_DATA, resource.RLIMIT_AS))
    return any(limit != resource.RLIM_INFINITY and limit < MEMORY_BYTES for limit in limits)


def _container_limits() -> Iterator[int]:
    """The memory in bytes that this process's container has, if it has a limit."""
    for file in CONTAINER_LIMITS:
        with suppress(OSError, ValueError):  # no container, or "max"
            yield int(file.read_text(encoding="ascii"))


def _end_with_the_server() -> None:
    if server := multiprocessing.parent_process():
        server.join()
    os._exit(0)


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Hide `__main__` while a worker starts.

    Streamlit puts the script that it runs in `sys.modules["__main__"]`, and a spawned process
    would run that script again.
    """
    with _main_module_lock:
        main, hidden = sys.modules["__main__"], ModuleType("__main__")
        sys.modules["__main__"] = hidden
        try:
            yield
        finally:
            if sys.modules["__main__"] is hidden:  # no later run has begun meanwhile
                sys.modules["__main__"] = main
