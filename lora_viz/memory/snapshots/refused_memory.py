"""The message of `torch.OutOfMemoryError`, which says who had the card's memory when it ran out.

Its form is that of `CUDACachingAllocator.cpp` (`malloc`, at "CUDA out of memory"), of torch 2.1 and
later; older ones lack some of its parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
SIZE = r"([0-9]+(?:\.[0-9]+)?) (bytes|KiB|MiB|GiB|TiB)"
LONGEST = 100_000  # characters that are looked through
REFUSED = re.compile(r"out of memory\.? Tried to allocate " + SIZE)
PARTS = {
    "card": (
        re.compile(r"has a total capacity of " + SIZE),
        re.compile(SIZE + r" total capacity"),
    ),
    "free": (re.compile(r"of which " + SIZE + r" is free"), re.compile(SIZE + r" free")),
    "process": (re.compile(r"this process has " + SIZE + r" memory in use"),),
    "allocated": (
        re.compile(r"memory " + SIZE + r" is allocated by PyTorch"),
        re.compile(SIZE + r" already allocated"),
    ),
    "unused": (re.compile(SIZE + r" is reserved by PyTorch but unallocated"),),
    "reserved": (re.compile(SIZE + r" reserved in total by PyTorch"),),
}
OTHERS = re.compile(r"Process \d+ has " + SIZE + r" memory in use")


@dataclass(frozen=True)
class RefusedMemory:
    """What the message says, in bytes; None where it does not.

    Its numbers have two digits after the point, so that each is right to a half of its last one.

    Attributes:
        refused: the request that failed.
        card: the card's memory.
        free: what was free on it.
        process: what this process had, with its CUDA context.
        allocated: what its tensors took.
        unused: what PyTorch had reserved beyond that.
        others: what other processes had, together.
    """

    refused: int
    card: int | None
    free: int | None
    process: int | None
    allocated: int | None
    unused: int | None
    others: int


def read_refused_memory(text: str) -> RefusedMemory | None:
    """The last such message in a text, which may be a whole log; None if it has none."""
    text = " ".join(text.split())  # a terminal may have broken its lines anywhere between words
    start = max((found.start() for found in REFUSED.finditer(text)), default=None)
    if start is None:
        return None
    message = text[start : start + LONGEST]
    found = {name: _size_of(forms, message) for name, forms in PARTS.items()}
    reserved, allocated = found.pop("reserved"), found["allocated"]
    if found["unused"] is None and reserved is not None and allocated is not None:
        found["unused"] = max(0, reserved - allocated)
    refused = _size_of((REFUSED,), message)
    others = sum(_bytes(*match) for match in OTHERS.findall(message))
    return RefusedMemory(refused=refused or 0, others=others, **found)


def _size_of(forms: tuple[re.Pattern[str], ...], message: str) -> int | None:
    found = next((match for form in forms if (match := form.search(message))), None)
    return _bytes(*found.groups()[:2]) if found else None


def _bytes(number: str, unit: str) -> int:
    return round(float(number) * UNITS[unit])
