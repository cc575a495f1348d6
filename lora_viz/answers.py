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
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter

from lora_viz import workers
from lora_viz.catalogue import catalogue
from lora_viz.model_source import local_config
from lora_viz.storage import storage_folder

Answer = TypeVar("Answer")

LIBRARIES = ("torch", "transformers", "peft", "accelerate")
REMEMBERED = 2_000

_memory: OrderedDict[str, Any] = OrderedDict()
_under_way: dict[str, Future[Any]] = {}
_lock = threading.Lock()


def known(
    function: Callable[..., Answer],
    *arguments: Any,
) -> Answer | None:
    """The answer if it is in memory or on disk, else None."""
    key = _key(function, arguments)
    with _lock:
        if key in _memory:
            _memory.move_to_end(key)
            return _memory[key]
    if not _is_lasting(arguments):
        return None
    try:
        answer = _adapter(function).validate_json(_file(key).read_bytes())
    except (OSError, ValueError):  # no file, one that cannot be read, or a damaged one
        return None
    _remember(key, answer)
    return answer


def ask(
    function: Callable[..., Answer],
    *arguments: Any,
) -> Answer:
    """The answer, from a worker process if it is not known yet; the caller waits.

    Raises:
        UserError: the question's own, or one that says that the worker died.
    """
    answer = known(function, *arguments)
    if answer is not None:
        return answer
    key = _key(function, arguments)
    with _lock:
        future = _under_way.get(key)
        if future is None:
            future = _under_way[key] = workers.submit(function, *arguments)
    try:
        answer = workers.wait_for(future)
    finally:
        with _lock:
            _under_way.pop(key, None)
    _keep(function, arguments, answer)
    return answer


def compute(
    function: Callable[..., Answer],
    *arguments: Any,
) -> Answer:
    """The answer, computed in this process if it is not known yet. Raises `UserError`."""
    answer = known(function, *arguments)
    if answer is None:
        answer = function(*arguments)
        _keep(function, arguments, answer)
    return answer


def forget() -> None:
    """Forget what is in memory; what is on disk stays."""
    with _lock:
        _memory.clear()


def _keep(function: Callable[..., Any], arguments: tuple[Any, ...], answer: Any) -> None:
    key = _key(function, arguments)
    _remember(key, answer)
    if _is_lasting(arguments):
        with suppress(OSError):  # a full or read-only disk costs the next start some time only
            _write(_file(key), _adapter(function).dump_json(answer))


def _write(file: Path, answer: bytes) -> None:
    unfinished = file.with_suffix(f".{threading.get_ident()}")
    unfinished.write_bytes(answer)
    unfinished.replace(file)


def _remember(key: str, answer: Any) -> None:
    with _lock:
        _memory[key] = answer
        _memory.move_to_end(key)
        while len(_memory) > REMEMBERED:
            _memory.popitem(last=False)


def _is_lasting(arguments: tuple[Any, ...]) -> bool:
    """Whether the question is about a model whose configuration is fixed by its name."""
    model = str(arguments[0])
    return model in catalogue() or model.startswith(("custom:", "upload:"))


def _key(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    parts = [function.__module__, function.__name__, _file_time(str(arguments[0])), *arguments]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _file_time(model: str) -> int:
    """When a local config.json last changed; 0 for a model that is not a local file."""
    file = local_config(model)
    return file.stat().st_mtime_ns if file else 0


def _file(key: str) -> Path:
    return storage_folder(f"answers/{_code_version()}") / f"{key}.json"


@cache
def _code_version() -> str:
    """A hash of the libraries' versions and of this package's computing modules."""
    digest = hashlib.sha256("".join(version(library) for library in LIBRARIES).encode())
    package = Path(__file__).parent
    for file in sorted(
        [
            *package.glob("*.py"),
            *package.glob("memory/*.py"),
            *package.glob("data/catalogue/*.json"),
            *package.glob("data/*/config.json"),
        ]
    ):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _adapter(function: Callable[..., Any]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(function)["return"])
