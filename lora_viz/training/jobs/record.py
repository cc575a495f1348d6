"""What a job records: events as they come, and the result at its end."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.training.folder.files import exists
from lora_viz.training.folder.reserve import take_room, write_into_room
from lora_viz.training.folder.writing import open_to_append
from lora_viz.training.jobs.failures import explain
from lora_viz.training.jobs.memory_limits import need_room
from lora_viz.training.runs.events import Activity, Event, EventWriter, NoticeEvent, StateEvent
from lora_viz.training.runs.results import End, Result, ending
from lora_viz.training.runs.run_folder import SETTINGS, Run

# what libraries do that end the process where memory runs out
IN_RUST: tuple[Activity, ...] = ("loading", "tokenising")
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
            take_room(self.run.path)

    def write(self, event: Event) -> None:
        """Append an event. Raises `OSError` where that is impossible.

        A listener that cannot print what it hears, on a closed terminal for example, ends nothing.

        Raises:
            UserError: the run was deleted; libraries would make its folder again.
        """
        if self._writer:
            if self._writer.is_deleted():
                raise UserError(N_("The run, or its events.jsonl, was deleted while it worked."))
            self._writer.write(event)
        if self._listener:
            with suppress(OSError, ValueError):
                self._listener(event)

    def begin(self, activity: Activity) -> None:
        """The job does something else from here on.

        Raises:
            UserError: it may take too little memory for that.
        """
        if activity in IN_RUST:
            need_room()
        self._count_seconds()
        self._activity = activity
        self.write(StateEvent(state=activity))

    def notice(self, sentence: Message) -> None:
        """Tell the reader something in one sentence."""
        self.write(NoticeEvent.of(sentence))

    def log(self, details: str) -> None:
        """Add to the run's `process.log`, or print; nothing is said where neither is possible."""
        with suppress(OSError, ValueError):
            if self.run:
                log = self.run.log_file
                with open_to_append(log.parent, log.name) as file:
                    file.write(details.encode("utf-8", "backslashreplace"))
            else:
                print(details, file=sys.stderr)

    def keep(self, **values: Any) -> None:
        """Fields of the result that are known now."""
        self.found |= values

    def end(
        self, state: End, reason: Message | None = None, advice: Message | None = None
    ) -> Result:
        """Write the result and close. Never raises for a disk.

        Where what was found out is more than the disk takes, the result says that and the least.
        """
        self._count_seconds()
        result = Result(
            state=state,
            **ending(reason, advice),
            started=self.started,
            ended=time.time(),
            seconds=self.seconds,
            **self.found,
        )
        if not self.run:
            return result
        if self._is_gone():
            shutil.rmtree(self.run.path, ignore_errors=True)  # what libraries made again
            return result
        try:
            self._tell(result)
        except OSError as error:
            why, what_to_try = explain(error)
            if state != "failed":
                update = {"state": "failed", **ending(why, what_to_try)}
                result = result.model_copy(update=update)
            result = result.model_copy(
                update={"layer_changes": (), "samples": (), "checks": ()},
            )
            with suppress(OSError):  # a disk that takes nothing at all cannot be told anything
                self._tell(result)
        if self._writer:
            with suppress(OSError):
                self._writer.close()
        return result

    def _is_gone(self) -> bool:
        """Whether somebody deleted the run's folder."""
        is_deleted = self._writer is not None and self._writer.is_deleted()
        return is_deleted and self.run is not None and not exists(self.run.path / SETTINGS)

    def _tell(self, result: Result) -> None:
        assert self.run
        write_into_room(self.run.path, "result.json", result.model_dump_json(indent=1).encode())

    def _count_seconds(self) -> None:
        now = time.time()
        if self._activity:
            self.seconds[self._activity] = self.seconds.get(self._activity, 0.0) + now - self._since
        self._since = now
