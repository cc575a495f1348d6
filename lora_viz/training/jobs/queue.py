"""At most one job at a time on this machine, first come, first served.

Each job has a ticket: a file that is named after the moment and locked for as long as the job's
process lives. Whoever starts the process draws it, so that the order is that of the starts. It is a
job's turn when fewer living tickets are older than there are places (`$LORA_VIZ_JOBS`, one by
default). A process that dies leaves the queue by dying.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lora_viz.storage import STORAGE, whole_number, writable_folder, writing_in
from lora_viz.training.folder import locks
from lora_viz.training.jobs.stopping import StopSignal

LOOK_SECONDS = 0.3
HANDED_ON = "LORA_VIZ_TICKET"
ENDING = ".ticket"
DESCRIPTOR = re.compile("[0-9]{1,9}")


@dataclass(frozen=True)
class Ticket:
    """A place in the queue; `descriptor` holds the lock."""

    path: Path
    descriptor: int

    def ahead(self) -> int:
        """How many living jobs drew their tickets before this one."""
        older = [path for path in self.path.parent.glob(f"*{ENDING}") if path.name < self.path.name]
        return sum(_is_alive(path) for path in older)

    def environment(self) -> dict[str, str]:
        """That of a process that inherits the descriptor and with it this place."""
        return os.environ | {HANDED_ON: f"{self.descriptor}:{self.path}"}

    def give_back(self) -> None:
        """Leave the queue."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)


def need_queue() -> Path:
    """The folder of the tickets, which takes files now.

    Raises:
        UserError: it takes none, or `$LORA_VIZ_JOBS` is no number of jobs.
    """
    places()
    return writable_folder("queue")


def draw_ticket() -> Ticket:
    """A place at the end of the queue. Raises as `need_queue` does."""
    folder = need_queue()
    path = folder / f"{time.time_ns():020d}-{os.getpid()}{ENDING}"
    with writing_in(folder, STORAGE):
        descriptor = locks.take(path)
    assert descriptor is not None, "no other process has a ticket of this name"
    return Ticket(path, descriptor)


def own_ticket() -> Ticket:
    """The ticket that whoever started this process drew for it, or a new one."""
    return _handed_on(os.environ.pop(HANDED_ON, "")) or draw_ticket()


def wait_for_turn(ticket: Ticket, stop: StopSignal, tell: Callable[[int], None]) -> None:
    """Wait until it is this ticket's turn; `tell` gets the number of jobs ahead when it changes.

    Raises:
        StopRequestedError: the job was asked to stop while it waited.
    """
    told = None
    while (ahead := ticket.ahead()) >= places():
        stop.check()
        if ahead != told:
            tell(ahead)
            told = ahead
        time.sleep(LOOK_SECONDS)


def places() -> int:
    """How many jobs may run at a time: `$LORA_VIZ_JOBS`, or one. Raises `UserError`."""
    return whole_number("LORA_VIZ_JOBS", 1, least=1)


def _handed_on(words: str) -> Ticket | None:
    """The ticket that these words name, if this process has inherited its open file."""
    descriptor, _colon, name = words.partition(":")
    if not DESCRIPTOR.fullmatch(descriptor):
        return None
    path = Path(name)
    try:
        is_held = os.path.samestat(os.fstat(int(descriptor)), path.stat())
    except (OSError, ValueError):
        return None
    return Ticket(path, int(descriptor)) if is_held and path.suffix == ENDING else None


def _is_alive(path: Path) -> bool:
    alive = locks.is_held(path)
    if not alive:
        path.unlink(missing_ok=True)
    return alive
