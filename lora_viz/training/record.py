"""What a job records: events as they come, and the result at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lora_viz.training.events import Activity, Event, EventWriter, NoticeEvent, StateEvent
from lora_viz.training.results import End, Result
from lora_viz.training.run_folder import Run, write_whole

# Written at the start and given back at the end, so that a full disk has room for the reason.
RESERVED_BYTES = 256 * 1024


Listener = Callable[[Event], None]


class Record:
    """Writes a run's events and collects its result; without a run nothing is written.

    Of several processes that train together, only the first has a run to write to. `listener`
    hears of every event; `is_complete` says that nothing is left to find out.
    """

    def __init__(self, run: Run | None, listener: Listener | None = None) -> None:
        self.run = run
        self.found: dict[str, Any] = {}
        self.seconds: dict[str, float] = {}
        self.started = time.time()
        self.is_complete = False
        self._listener = listener
        self._activity: Activity | None = None
        self._since = self.started
        self._writer = EventWriter(run.events_file) if run else None

    @property
    def writes(self) -> bool:
        """Whether this process is the one that records."""
        return self._writer is not None

    def reserve_room(self) -> None:
        """Take the room that the result will need. Raises `OSError` where there is none."""
        if self.run:
            (self.run.path / ".reserve").write_bytes(b"\1" * RESERVED_BYTES)

    def write(self, event: Event) -> None:
        """Append an event. Raises `OSError` where that is impossible."""
        if self._writer:
            self._writer.write(event)
        if self._listener:
            self._listener(event)

    def begin(self, activity: Activity) -> None:
        """The job does something else from here on."""
        self._count_seconds()
        self._activity = activity
        self.write(StateEvent(state=activity))

    def notice(self, message: str) -> None:
        """Tell the reader something in one sentence."""
        self.write(NoticeEvent(message=message))

    def keep(self, **values: Any) -> None:
        """Fields of the result that are known now."""
        self.found |= values

    def end(self, state: End, reason: str = "", advice: str = "") -> Result:
        """Write the result and close."""
        self._count_seconds()
        result = Result(
            state=state,
            reason=reason,
            advice=advice,
            started=self.started,
            ended=time.time(),
            seconds=self.seconds,
            **self.found,
        )
        if self.run and self._writer:
            (self.run.path / ".reserve").unlink(missing_ok=True)
            write_whole(self.run.path / "result.json", result.model_dump_json(indent=1))
            self._writer.close()
        return result

    def _count_seconds(self) -> None:
        now = time.time()
        if self._activity:
            self.seconds[self._activity] = self.seconds.get(self._activity, 0.0) + now - self._since
        self._since = now
