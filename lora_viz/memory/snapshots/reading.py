"""What was on a card at the highest moment of a recorded history, and what each storage was."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.memory.snapshots.stacks import Frame, Part, part_of
from lora_viz.memory.trace import rounded

MOST_EVENTS = 5_000_000
MOST_FRAMES = 200  # of a stack; deeper ones say nothing more of a step
LARGEST_SHOWN = 10
LONGEST_NAME = 120
NEARLY = 0.9  # of the rows of logits; the others are what shifting leaves out
BEFORE = "before"  # the kind of what was there before the history begins
UNKNOWN = "unknown"


@dataclass(frozen=True)
class LargeStorage:
    """One of the largest storages at the highest moment.

    `made_in` is the innermost function of Python that made it, as `file:function`; "" if nothing
    says so.
    """

    bytes: int
    kind: str
    made_in: str


@dataclass(frozen=True)
class SnapshotFacts:
    """What a snapshot says of the card that has most on it, in bytes.

    Attributes:
        device: the card's number.
        highest: the most that was allocated at once in the recorded history; at the snapshot's own
            moment, if no history was recorded.
        by_kind: its parts: those of `figures.wording.pieces.KINDS`, `before` and `unknown`.
        reserved: what the allocator had taken from the card when the snapshot was taken.
        events: how many allocations and releases were recorded.
        has_stacks: whether Python's stacks were recorded, without which no kind is known.
        refused: the request that failed, if one did, and what was free on the card then.
    """

    device: int
    highest: int
    by_kind: dict[str, int]
    reserved: int
    events: int
    has_stacks: bool
    refused: tuple[int, int] | None
    largest: tuple[LargeStorage, ...]


@dataclass
class _Storage:
    bytes: int
    begins: int  # the number of the event that made it; -1 before all
    ends: int | None = None  # None where it is never freed
    frames: list[Frame] = field(default_factory=list)
    part: Part | None = None


def facts_of(snapshot: Any, vocabulary: int) -> SnapshotFacts:
    """What a snapshot says.

    Args:
        snapshot: what the pickle holds: `segments` with blocks, `device_traces` with events.
        vocabulary: tokens of the model, of which logits have whole rows; 0 if nobody knows.

    Raises:
        UserError: it has not the form of a snapshot.
    """
    try:
        return _facts_of(snapshot, vocabulary)
    except UserError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError):
        raise UserError(
            N_(
                "This pickle has not the form of a snapshot of memory: it lacks segments, blocks "
                "or events; take one with torch.cuda.memory._dump_snapshot."
            )
        ) from None


def _facts_of(snapshot: Any, vocabulary: int) -> SnapshotFacts:
    traces = dict(enumerate(snapshot.get("device_traces") or [[]]))
    segments: dict[int, list[Any]] = {}
    for segment in snapshot["segments"]:
        segments.setdefault(int(segment.get("device", 0)), []).append(segment)
    taken = {one: sum(int(s["total_size"]) for s in some) for one, some in segments.items()}
    device = max({*taken, *traces}, key=lambda one: (taken.get(one, 0), len(traces.get(one, ()))))
    events = list(_bounded(traces.get(device, [])))
    blocks = list(_blocks(segments.get(device, [])))
    storages = _storages(events, blocks)
    has_stacks = any(one.frames for one in storages)
    _name_parts(storages, has_stacks)
    moment, highest = _highest(storages, len(events))
    there = [one for one in storages if one.begins <= moment and not _is_gone(one, moment)]
    turns = _turns(storages)
    is_of_logits = _sizes_of_logits(storages, vocabulary)
    kinds = {id(one): _kind(one, turns, is_of_logits) for one in there}
    by_kind: Counter[str] = Counter()
    for one in there:
        by_kind[kinds[id(one)]] += rounded(one.bytes)
    largest = sorted(there, key=lambda one: -one.bytes)[:LARGEST_SHOWN]
    return SnapshotFacts(
        device=device,
        highest=highest,
        by_kind=dict(by_kind),
        reserved=taken.get(device, 0),
        events=len(events),
        has_stacks=has_stacks,
        refused=_refused(events),
        largest=tuple(
            LargeStorage(rounded(one.bytes), kinds[id(one)], _made_in(one)) for one in largest
        ),
    )


def _bounded(events: Any) -> Iterator[Any]:
    if len(events) > MOST_EVENTS:
        raise UserError(
            N_("This snapshot has more than %s events; record fewer of them (max_entries)."),
            f"{MOST_EVENTS:,}",
        )
    return iter(events)


def _blocks(segments: list[Any]) -> Iterator[tuple[int, _Storage]]:
    """What lies on the card when the snapshot is taken, by its address."""
    for segment in segments:
        address = int(segment["address"])
        for block in segment["blocks"]:
            size = int(block["size"])
            if str(block["state"]).startswith("active_allocated"):
                asked = int(block.get("requested_size", size))
                yield (
                    int(block.get("address", address)),
                    _Storage(asked, -1, frames=_frames(block)),
                )
            address += size


def _storages(events: list[Any], blocks: list[tuple[int, _Storage]]) -> list[_Storage]:
    """Everything that was ever there, with the events that made and freed it."""
    storages: list[_Storage] = []
    alive: dict[int, _Storage] = {}
    for number, event in enumerate(events):
        action = event["action"]
        if action == "alloc":
            made = _Storage(int(event["size"]), number, frames=_frames(event))
            alive[int(event["addr"])] = made
            storages.append(made)
        elif action == "free_completed":
            gone = alive.pop(int(event["addr"]), None)
            if gone is None:  # it was there before the history begins
                gone = _Storage(int(event["size"]), -1)
                storages.append(gone)
            gone.ends = number
    storages += [storage for address, storage in blocks if address not in alive]
    return storages


def _frames(made: Any) -> list[Frame]:
    return [
        Frame(str(frame["filename"]), str(frame["name"]))
        for frame in list(made.get("frames") or ())[:MOST_FRAMES]
    ]


def _name_parts(storages: list[_Storage], has_stacks: bool) -> None:
    parts: dict[tuple[Frame, ...], Part | None] = {}  # few stacks, each of many storages
    for one in storages:
        if has_stacks and (one.begins >= 0 or one.frames):
            stack = tuple(one.frames)
            if stack not in parts:
                parts[stack] = part_of(one.frames)
            one.part = parts[stack]


def _highest(storages: list[_Storage], events: int) -> tuple[int, int]:
    """The event after which most was allocated, and how many bytes that were."""
    steps = [0] * (events + 1)  # the first is what was there before all events
    for one in storages:
        steps[one.begins + 1] += rounded(one.bytes)
        if one.ends is not None:
            steps[one.ends + 1] -= rounded(one.bytes)
    allocated, best, highest = 0, -1, 0
    for place, step in enumerate(steps):
        allocated += step
        if allocated > highest:
            best, highest = place - 1, allocated
    return best, highest


def _is_gone(storage: _Storage, moment: int) -> bool:
    return storage.ends is not None and storage.ends <= moment


@dataclass(frozen=True)
class _Turns:
    """The events at which each part of a step made something, in order."""

    of_part: dict[Part, list[int]]

    def meets(self, storage: _Storage, *parts: Part) -> bool:
        """Whether a storage is still there when one of these parts comes next."""
        following = [
            turns[place]
            for turns in (self.of_part.get(part, []) for part in parts)
            if (place := bisect_right(turns, storage.begins)) < len(turns)
        ]
        return bool(following) and (storage.ends is None or storage.ends > min(following))


def _turns(storages: list[_Storage]) -> _Turns:
    of_part: dict[Part, list[int]] = {}
    for one in sorted(storages, key=lambda one: one.begins):
        if one.part is not None:
            of_part.setdefault(one.part, []).append(one.begins)
    return _Turns(of_part)


def _kind(storage: _Storage, turns: _Turns, is_of_logits: Callable[[int], bool]) -> str:
    """What a storage is, by the part of the step that made it and by how long it stays."""
    if storage.part is None:
        return BEFORE if storage.begins < 0 else UNKNOWN
    if storage.part == "backward" and turns.meets(storage, "optimizer", "forward"):
        return "gradients"  # some have a row for each token of the vocabulary, as logits do
    in_passes = storage.part in ("forward", "backward", "recomputing", "loss")
    if storage.part == "loss" or (in_passes and is_of_logits(storage.bytes)):
        return "logits"
    if storage.part in ("loading", "adapting"):
        return {"loading": "weights", "adapting": "adapter"}[storage.part]
    stays_until: dict[Part, tuple[str, tuple[Part, ...]]] = {
        "forward": ("activations", ("backward", "recomputing")),
        "backward": ("gradients", ("optimizer", "forward")),
        "optimizer": ("optimizer", ("forward",)),
    }
    kind, parts = stays_until.get(storage.part, ("temporaries", ()))
    stays = storage.ends is None or turns.meets(storage, *parts)
    return kind if stays else "temporaries"


def _sizes_of_logits(storages: list[_Storage], vocabulary: int) -> Callable[[int], bool]:
    """Whether a size is that of logits: what the loss works on is the largest storage made there.

    Logits have as many rows as that, or a few more, since labels are shifted by one token; in half
    precision they take half of it.
    """
    of_loss = max((one.bytes for one in storages if one.part == "loss"), default=0)
    row = 2 * max(vocabulary, 1)

    def is_one(size: int) -> bool:
        return size % row == 0 and any(
            NEARLY * whole <= size <= whole / NEARLY for whole in (of_loss, of_loss / 2)
        )

    return is_one


def _refused(events: list[Any]) -> tuple[int, int] | None:
    for event in reversed(events):
        if event["action"] == "oom":
            return int(event["size"]), int(event.get("device_free", 0))
    return None


def _made_in(storage: _Storage) -> str:
    """The innermost function of Python that made a storage, outside of torch if there is one."""
    of_python = [frame for frame in storage.frames if frame.is_python]
    outside = [frame for frame in of_python if "/torch/" not in frame.file]
    for frame in outside or of_python:
        return f"{frame.file.rpartition('/')[2]}:{frame.function}"[:LONGEST_NAME]
    return ""
