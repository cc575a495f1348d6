"""Where each stage is, by a name that nobody guesses: the window with its notes asks here.

Both windows are sessions of one server. What a room holds is what the stage's address says anyway.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass

MOST_ROOMS = 500


@dataclass(frozen=True)
class OnStage:
    """What a stage shows: a page by its name, and a tour's stop, counted from 1, if one is on."""

    page: str
    tour: str
    stop: int


_rooms: OrderedDict[str, OnStage] = OrderedDict()
_lock = threading.Lock()


def new_room() -> str:
    """A name for a room: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def say_where(room: str, now: OnStage) -> None:
    """Keep what a stage shows; the room that was not told of for longest gives way."""
    with _lock:
        _rooms[room] = now
        _rooms.move_to_end(room)
        if len(_rooms) > MOST_ROOMS:
            _rooms.popitem(last=False)


def shown_in(room: str) -> OnStage | None:
    """What the stage of a room shows; None where there is no such stage, or no more."""
    with _lock:
        return _rooms.get(room)
