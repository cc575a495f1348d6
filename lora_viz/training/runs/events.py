"""What a job records while it runs: one JSON line each, flushed, so that nothing is lost.

Losses are means over tokens in nats, perplexity is their exponential; sizes are bytes, durations
seconds, times seconds since 1970.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from lora_viz.format import grouped, size
from lora_viz.i18n import Message, encodable
from lora_viz.training.folder.damage import Damage, DamagedFileError, DamageKind
from lora_viz.training.folder.files import read_file
from lora_viz.training.folder.reserve import write_all
from lora_viz.training.folder.unchanged import kept_while_unchanged
from lora_viz.training.folder.writing import open_to_append
from lora_viz.training.runs.quantities import MOST, Count, Moment, PositiveCount, Seconds

Activity = Literal["queued", "loading", "tokenising", "training", "evaluating", "checking"]
Part = Literal["validation", "held_out", "pretraining"]
REMEMBERED = 512
LOOKED_AT_BYTES = 2**16  # at once, for the last newline


class _Recorded(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="constants")


class _Event(_Recorded):
    time: Moment = Field(default_factory=time.time)


class StateEvent(_Event):
    """The job began something; `ahead` is how many jobs a queued one waits for."""

    kind: Literal["state"] = "state"
    state: Activity
    ahead: Count | None = None


class MemoryReading(_Recorded):
    """Memory in bytes; what this device has no reading of is None.

    `resident` is the process's resident set. `allocated`, `reserved` and `peak_allocated` are
    torch.cuda's; `device_used`, `device_total` and `utilisation_percent` are NVML's, of the whole
    GPU and all that runs on it.
    """

    resident: Count | None = None
    allocated: Count | None = None
    reserved: Count | None = None
    peak_allocated: Count | None = None
    device_used: Count | None = None
    device_total: Count | None = None
    utilisation_percent: float | None = None


class StepEvent(_Event):
    """One optimizer step was taken; `loss` is that of its batch before the step.

    `gradient_norm` is before clipping, `tokens_per_second` over this step in all processes, with
    padding; `seconds_left` until the last step, at the pace so far.
    """

    kind: Literal["step"] = "step"
    step: Count
    steps: PositiveCount
    epoch: float
    loss: float
    gradient_norm: float | None
    learning_rate: float
    tokens_per_second: float
    seconds_left: Seconds
    memory: MemoryReading


class EvaluationEvent(_Event):
    """The loss on a part of the data after `step` steps, over all its `tokens`."""

    kind: Literal["evaluation"] = "evaluation"
    step: Count
    part: Part
    loss: float
    perplexity: float
    tokens: Count


class LayerReading(_Recorded):
    """One followed layer in a snapshot.

    `singular_values` are those of ΔW in falling order, `delta_norm` its Frobenius norm; A and B
    have none in full fine-tuning. `base_sha256` is the hash of the bytes of W as it is now.
    """

    layer: str
    singular_values: tuple[float, ...]
    delta_norm: float
    a_norm: float | None = None
    b_norm: float | None = None
    scaling: float | None = None
    base_sha256: str


class SnapshotEvent(_Event):
    """The followed layers after `step` steps; `file` is below the run's folder."""

    kind: Literal["snapshot"] = "snapshot"
    step: Count
    file: str
    layers: tuple[LayerReading, ...]


class CheckpointEvent(_Event):
    """A checkpoint is complete; `folder` is below the run's folder."""

    kind: Literal["checkpoint"] = "checkpoint"
    step: Count
    folder: str


class ResumedEvent(_Event):
    """A new process goes on after `step` steps; -1 if it begins again, before its first evaluation.

    What was recorded after that step no longer counts; what belongs to no step stays.
    """

    kind: Literal["resumed"] = "resumed"
    step: Annotated[int, Field(ge=-1, le=MOST)]


class NoticeEvent(_Event):
    """A sentence for the reader.

    `message` is it in the language of who started the job, `meaning` what each reader's own is made
    of; files of earlier versions lack that.
    """

    kind: Literal["notice"] = "notice"
    message: str
    meaning: Message | None = None

    @classmethod
    def of(cls, sentence: Message) -> NoticeEvent:
        """The event that says this."""
        return cls(message=encodable(str(sentence)), meaning=sentence)

    @property
    def sentence(self) -> Message:
        """It, in the language of whoever shows it."""
        return self.meaning or Message(self.message)


Event = (
    StateEvent
    | StepEvent
    | EvaluationEvent
    | SnapshotEvent
    | CheckpointEvent
    | ResumedEvent
    | NoticeEvent
)
_event: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


class EventWriter:
    """Appends events to a file; a line that an earlier process left half written goes first."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises `DamagedFileError` or `OSError` where that is impossible."""
        self._file = open_to_append(path.parent, path.name)
        _drop_half_line(self._file.fileno())

    def write(self, event: Event) -> None:
        """Append one line, all of it or nothing. Raises `OSError` where that is impossible."""
        descriptor = self._file.fileno()
        before = os.fstat(descriptor).st_size
        try:
            write_all(descriptor, (event.model_dump_json() + "\n").encode())
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, before)
            raise

    def is_deleted(self) -> bool:
        """Whether the file has no name any more, as where its whole folder was deleted."""
        return os.fstat(self._file.fileno()).st_nlink == 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_events(path: Path) -> list[Event]:
    """All events that count, oldest first; none if there is no file yet.

    What cannot be read, such as a half-written last line, is left out, and so are the steps that
    a resumed job took again.
    """
    return [*recorded_events(path).events]


@dataclass(frozen=True)
class RecordedEvents:
    """The events of a file that count, oldest first, and what is wrong with the file."""

    events: tuple[Event, ...]
    damages: tuple[Damage, ...]


@kept_while_unchanged(REMEMBERED)
def recorded_events(path: Path) -> RecordedEvents:
    """What a file of events says; it is read again only when it has changed."""
    try:
        content = read_file(path.parent, path.name)
    except DamagedFileError as error:
        is_damaged = error.damage.kind != "missing"  # no job has begun to write
        return RecordedEvents((), (error.damage,) if is_damaged else ())
    try:
        return _events_in(path.name, content)
    except MemoryError:
        return RecordedEvents((), (Damage(path.name, "too_large", size(len(content))),))


def _events_in(name: str, content: bytes) -> RecordedEvents:
    events: list[Event] = []
    refused: Counter[DamageKind] = Counter()
    for line in content.split(b"\n")[:-1]:  # what follows the last newline is unfinished
        try:
            events.append(_event.validate_json(line))
        except ValidationError as error:
            is_later = error.errors(include_url=False)[0]["type"] == "union_tag_invalid"
            refused["later_lines" if is_later else "lines"] += 1
    damages = tuple(Damage(name, kind, grouped(count)) for kind, count in refused.items())
    return RecordedEvents(tuple(_without_repeated(events)), damages)


def _without_repeated(events: Iterable[Event]) -> list[Event]:
    kept: list[Event] = []
    for event in events:
        if isinstance(event, ResumedEvent):
            kept = [earlier for earlier in kept if getattr(earlier, "step", -1) <= event.step]
        kept.append(event)
    return kept


def _drop_half_line(descriptor: int) -> None:
    size = beginning = os.fstat(descriptor).st_size
    whole = 0
    while beginning and not whole:  # from the end, as the file may be of any size
        beginning, end = max(0, beginning - LOOKED_AT_BYTES), beginning
        newline = os.pread(descriptor, end - beginning, beginning).rfind(b"\n")
        whole = beginning + newline + 1 if newline >= 0 else 0
    if whole < size:
        os.ftruncate(descriptor, whole)
