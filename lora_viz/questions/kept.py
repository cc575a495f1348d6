"""Answers that take a moment, kept once they are known: in memory, and on disk across restarts.

An answer that lasts is kept on disk under the versions of the libraries and of the code that
computed it, so that the next start of the app finds it at once. No answer holds words: one that is
kept serves readers of every language.

A refusal that would come again (`LastingError`) is remembered for a while, so that a reader who
goes from page to page waits for it once.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from lora_viz import storage
from lora_viz.errors import LastingError, UserError
from lora_viz.i18n import Message
from lora_viz.libraries import library_versions
from lora_viz.models.source import note_use
from lora_viz.questions import workers
from lora_viz.questions.plain import decode, encode
from lora_viz.questions.question import Answer, Question
from lora_viz.questions.waiting import Request

PACKAGE = Path(__file__).parents[1]
DRAWING = ("ui", "cli", "report", "wording", "figures")  # code that computes no answer
REMEMBERED = 2_000
REMEMBERED_BYTES = 100_000_000  # as JSON
REFUSED_SECONDS = 600  # later the machine may be less busy

_memory: OrderedDict[str, tuple[Any, int]] = OrderedDict()
_memory_bytes = 0
_under_way: dict[str, Request[Any]] = {}
_refused: dict[str, tuple[Message, float]] = {}  # why, and when that was seen
_lock = threading.Lock()


def known(question: Question[Answer]) -> Answer | None:
    """The answer if it is in memory or on disk, else None."""
    note_use(question.model)
    with _lock:
        if question.key in _memory:
            return _recall(question.key)
    if not question.lasts:
        return None
    try:
        content = _checked(storage.read("answers", _file_name(question)))
        answer = decode(question.function, content)
    except (OSError, ValueError):  # no file, one that cannot be read, or a damaged one
        return None
    _remember(question, answer, content)
    return answer


def ask(question: Question[Answer]) -> Answer:
    """The answer, from a worker process if it is not known yet; the caller waits.

    What is asked about at the same time is asked once.

    Raises:
        UserError: the question's own, or one that says that the worker died.
    """
    answer = known(question)
    if answer is not None:
        return answer
    key = question.key
    with _lock:
        if key in _memory:
            return _recall(key)
        _refuse_again(key)
        request = _under_way.get(key)
        is_first = request is None
        if request is None:
            request = _under_way[key] = workers.submit(question)
    try:
        answer = workers.wait_for(request)
        if is_first:
            _keep(question, answer, request.content.result())
        return answer
    except LastingError as error:
        with _lock:
            _refused[key] = error.message, time.monotonic()
        raise
    finally:
        if is_first:
            with _lock:
                del _under_way[key]


def compute(question: Question[Answer]) -> Answer:
    """The answer, computed in this process if it is not known yet. Raises `UserError`."""
    answer = known(question)
    if answer is None:
        function = question.function
        content = encode(function, function(*question.arguments))
        answer = decode(function, content)
        _keep(question, answer, content)
    return answer


def forget() -> None:
    """Forget what is in memory; what is on disk stays."""
    global _memory_bytes
    with _lock:
        _memory.clear()
        _refused.clear()
        _memory_bytes = 0


def _keep(question: Question[Answer], answer: Answer, content: bytes) -> None:
    _remember(question, answer, content)
    if question.lasts:
        # a disk that is full or cannot be written costs the next start some time only
        with suppress(OSError, UserError):
            storage.keep("answers", _file_name(question), _with_checksum(content))


def _with_checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def _checked(kept: bytes) -> bytes:
    """What was kept, without its checksum. Raises `ValueError` where it is damaged."""
    content = kept.partition(b"\n")[2]
    if _with_checksum(content) != kept:
        raise ValueError("this is not what was kept")
    return content


def _remember(question: Question[Answer], answer: Answer, content: bytes) -> None:
    global _memory_bytes
    with _lock:
        _forget_one(question.key)
        _memory[question.key] = answer, len(content)
        _memory_bytes += len(content)
        while len(_memory) > REMEMBERED or _memory_bytes > REMEMBERED_BYTES:
            _forget_one(next(iter(_memory)))


def _refuse_again(key: str) -> None:
    """Raise again what was said of this question a short while ago, and forget what is older."""
    too_old = time.monotonic() - REFUSED_SECONDS
    for asked in [asked for asked, (_why, when) in _refused.items() if when < too_old]:
        del _refused[asked]
    if key in _refused:
        raise LastingError(_refused[key][0])


def _recall(key: str) -> Any:
    _memory.move_to_end(key)
    return _memory[key][0]


def _forget_one(key: str) -> None:
    global _memory_bytes
    _memory_bytes -= _memory.pop(key, (None, 0))[1]


def _file_name(question: Question[Any]) -> str:
    return f"{code_version(PACKAGE)}/{question.key}.json"


@cache
def code_version(package: Path) -> str:
    """A hash of the libraries' versions and of all in this package that computes answers."""
    digest = hashlib.sha256("".join(library_versions().values()).encode())
    code = (
        file for file in package.rglob("*.py") if file.relative_to(package).parts[0] not in DRAWING
    )
    data = (*package.glob("data/catalogue/*.json"), *package.glob("data/*/config.json"))
    for file in sorted([*code, *data]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
