"""At most one job at a time on this machine, first come, first served.

Each job has a ticket: a file that is named after the moment and locked for as long as the job's
process lives. Whoever starts the process draws it, so that the order is that of the starts. It is a
job's turn when fewer living tickets are older than there are places (`$LORA_VIZ_JOBS`, one by
default). A process that dies leaves the queue by dying.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lora_viz.storage import STORAGE, writable_folder, writing_in
from lora_viz.training.folder import locks
from lora_viz.training.jobs.stopping import StopSignal

LOOK_SECONDS = 0.3
HANDED_ON = "LORA_VIZ_TICKET"


@dataclass(frozen=True)
class Ticket:
    """A place in the queue; `descriptor` holds the lock."""

    path: Path
    descriptor: int

    def ahead(self) -> int:
        """How many living jobs drew their tickets before this one."""
        older = [path for path in self.path.parent.glob("*.ticket") if path.name < self.path.name]
        return sum(_is_alive(path) for path in older)

    def environment(self) -> dict[str, str]:
        """That of a process that inherits the descriptor and with it this place."""
        return os.environ | {HANDED_ON: f"{self.descriptor}:{self.path}"}

    def give_back(self) -> None:
        """Leave the queue."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)


def draw_ticket() -> Ticket:
    """A place at the end of the queue. Raises `UnwritableFolderError`."""
    folder = writable_folder("queue")
    path = folder / f"{time.time_ns():020d}-{os.getpid()}.ticket"
    with writing_in(folder, STORAGE):
        descriptor = locks.take(path)
    assert descriptor is not None, "no other process has a ticket of this name"
    return Ticket(path, descriptor)


def own_ticket() -> Ticket:
    """The ticket that whoever started this process drew for it, or a new one."""
    descriptor, _colon, path = os.environ.pop(HANDED_ON, "").partition(":")
    return Ticket(Path(path), int(descriptor)) if path else draw_ticket()


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
    """How many jobs may run at a time: `$LORA_VIZ_JOBS`, or one."""
    given = os.environ.get("LORA_VIZ_JOBS", "")
    return max(1, int(given)) if given.isdigit() else 1


def _is_alive(path: Path) -> bool:
    alive = locks.is_held(path)
    if not alive:
        path.unlink(missing_ok=True)
    return alive
