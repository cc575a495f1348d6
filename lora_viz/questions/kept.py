"""Answers that take a moment, kept once they are known: in memory, and on disk across restarts.

A question is a function that loads torch and its plain-data arguments. What it returned for a
model whose configuration cannot change is kept on disk, under the versions of the libraries and
the code that computed it, so that the next start of the app finds it at once.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from lora_viz import storage
from lora_viz.errors import UserError
from lora_viz.libraries import library_versions
from lora_viz.models.catalogue import catalogue
from lora_viz.models.source import local_config, note_use
from lora_viz.questions import workers
from lora_viz.questions.plain import decode, encode

Answer = TypeVar("Answer")

DRAWING = ("ui", "figures", "cli")  # code that computes no answer
REMEMBERED = 2_000
REMEMBERED_BYTES = 100_000_000  # as JSON

_memory: OrderedDict[str, tuple[Any, int]] = OrderedDict()
_memory_bytes = 0
_under_way: dict[str, workers.Question] = {}
_lock = threading.Lock()


def known(
    function: Callable[..., Answer],
    *arguments: Any,
) -> Answer | None:
    """The answer if it is in memory or on disk, else None."""
    key = _key(function, arguments)
    note_use(_model(arguments))
    with _lock:
        if key in _memory:
            return _recall(key)
    if not _is_lasting(arguments):
        return None
    try:
        content = _checked(storage.read("answers", _file_name(key)))
        answer = decode(function, content)
    except (OSError, ValueError):  # no file, one that cannot be read, or a damaged one
        return None
    _remember(key, answer, content)
    return answer


def ask(
    function: Callable[..., Answer],
    *arguments: Any,
) -> Answer:
    """The answer, from a worker process if it is not known yet; the caller waits.

    What is asked about at the same time is asked once.

    Raises:
        UserError: the question's own, or one that says that the worker died.
    """
    answer = known(function, *arguments)
    if answer is not None:
        return answer
    key = _key(function, arguments)
    with _lock:
        if key in _memory:
            return _recall(key)
        question = _under_way.get(key)
        is_first = question is None
        if question is None:
            question = _under_way[key] = workers.submit(function, *arguments)
    try:
        answer = workers.wait_for(question)
        if is_first:
            _keep(key, arguments, answer, question.content.result())
        return answer
    finally:
        if is_first:
            with _lock:
                del _under_way[key]


def compute(
    function: Callable[..., Answer],
    *arguments: Any,
) -> Answer:
    """The answer, computed in this process if it is not known yet. Raises `UserError`."""
    answer = known(function, *arguments)
    if answer is None:
        content = encode(function, function(*arguments))
        answer = decode(function, content)
        _keep(_key(function, arguments), arguments, answer, content)
    return answer


def forget() -> None:
    """Forget what is in memory; what is on disk stays."""
    global _memory_bytes
    with _lock:
        _memory.clear()
        _memory_bytes = 0


def _keep(key: str, arguments: tuple[Any, ...], answer: Any, content: bytes) -> None:
    _remember(key, answer, content)
    if _is_lasting(arguments):
        # a disk that is full or cannot be written costs the next start some time only
        with suppress(OSError, UserError):
            storage.keep("answers", _file_name(key), _with_checksum(content))


def _with_checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def _checked(kept: bytes) -> bytes:
    """What was kept, without its checksum. Raises `ValueError` where it is damaged."""
    content = kept.partition(b"\n")[2]
    if _with_checksum(content) != kept:
        raise ValueError("this is not what was kept")
    return content


def _remember(key: str, answer: Any, content: bytes) -> None:
    global _memory_bytes
    with _lock:
        _forget_one(key)
        _memory[key] = answer, len(content)
        _memory_bytes += len(content)
        while len(_memory) > REMEMBERED or _memory_bytes > REMEMBERED_BYTES:
            _forget_one(next(iter(_memory)))


def _recall(key: str) -> Any:
    _memory.move_to_end(key)
    return _memory[key][0]


def _forget_one(key: str) -> None:
    global _memory_bytes
    _memory_bytes -= _memory.pop(key, (None, 0))[1]


def _model(arguments: tuple[Any, ...]) -> str:
    """The model that a question is about, if it is about one."""
    return str(arguments[0]) if arguments else ""


def _is_lasting(arguments: tuple[Any, ...]) -> bool:
    """Whether the question is about a model whose configuration is fixed by its name."""
    model = _model(arguments)
    return model in catalogue() or model.startswith(("custom:", "upload:"))


def _key(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    parts = [function.__module__, function.__name__, _file_time(_model(arguments)), *arguments]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _file_time(model: str) -> int:
    """When a local config.json last changed; 0 for a model that is not a local file."""
    file = local_config(model)
    return file.stat().st_mtime_ns if file else 0


def _file_name(key: str) -> str:
    return f"{_code_version()}/{key}.json"


@cache
def _code_version() -> str:
    """A hash of the libraries' versions and of this package's computing modules."""
    digest = hashlib.sha256("".join(library_versions().values()).encode())
    package = Path(__file__).parents[1]
    code = (
        file for file in package.rglob("*.py") if file.relative_to(package).parts[0] not in DRAWING
    )
    data = (*package.glob("data/catalogue/*.json"), *package.glob("data/*/config.json"))
    for file in sorted([*code, *data]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
