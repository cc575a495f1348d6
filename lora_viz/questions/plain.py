"""Answers as plain data: JSON that is checked against the type that a question's function returns.

Only JSON leaves a worker process. Whatever else a function might return, such as a tensor in place
of a number, is refused where it was made: nothing that the server would have to load a library for
ever reaches it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic_core import from_json


class NotPlainError(ValueError):
    """An answer is not what its question's function says that it returns."""


def encode(function: Callable[..., Any], answer: Any) -> bytes:
    """The answer of `function` as JSON that `decode` reads.

    Raises:
        NotPlainError: it holds something that its type does not allow, or a number that is none.
    """
    try:
        content = _adapter(function).dump_json(answer, warnings="error")
        decode(function, content)
    except ValueError as error:  # pydantic's errors, and text that no encoding has
        raise NotPlainError(f"{function.__qualname__}: {error}") from error
    return content


def decode(function: Callable[..., Any], content: bytes) -> Any:
    """The answer of `function` that `content` holds. Raises `ValueError` where it holds none."""
    return _adapter(function).validate_python(from_json(content, allow_inf_nan=False))


@cache
def _adapter(function: Callable[..., Any]) -> TypeAdapter[Any]:
    try:
        returned = get_type_hints(function)["return"]
    except (TypeError, KeyError):  # a function written in C, or one without type hints
        returned = Any
    return TypeAdapter(returned)
