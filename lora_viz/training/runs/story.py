"""A run's snapshots as a story: one layer's W, A, B and ΔW at each step, beside the losses there.

Losses are means over tokens in nats.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lora_viz.errors import UserError
from lora_viz.forward.samples import TensorSample, evenly_picked
from lora_viz.i18n import N_
from lora_viz.training.folder.damage import Damage, DamagedFileError
from lora_viz.training.runs.curves import is_drawable
from lora_viz.training.runs.events import (
    EvaluationEvent,
    Event,
    LayerReading,
    SnapshotEvent,
    StepEvent,
)
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.snapshots import LayerSnapshot, read_base_weights, read_snapshot

SAMPLED_SIDE = 64
MOST_MOMENTS = 31
COUNTED_VALUES = 250_000  # a singular value decomposition of more values keeps a page waiting


@dataclass(frozen=True)
class Moment:
    """One snapshot: the losses known by then, W's hash, ΔW's singular values, largest first.

    `batch_loss` is that of the step's batch before the step; `held_out` the last evaluation by
    then. `numerical_rank` is how many singular values are above the story's tolerance.
    """

    step: int
    batch_loss: float | None
    held_out: EvaluationEvent | None
    base_sha256: str
    singular_values: tuple[float, ...]
    numerical_rank: int
    a: TensorSample | None
    b: TensorSample | None
    delta: TensorSample


@dataclass(frozen=True, eq=False)  # so that what is drawn of it can be remembered
class Story:
    """One followed layer of a run; `rank` is the adapter's, None in full fine-tuning.

    `tolerance` is a share of the largest singular value, as `numpy.linalg.matrix_rank` has it:
    the longer side times float32's epsilon. `is_counted` says that the values come from a
    decomposition of ΔW itself and not of A and B. `snapshots` counts those left out too.
    """

    layer: str
    shape: tuple[int, int]
    rank: int | None
    tolerance: float
    is_counted: bool
    weight: TensorSample | None
    moments: tuple[Moment, ...]
    snapshots: int
    batch_losses: tuple[tuple[int, float], ...]
    held_out: tuple[EvaluationEvent, ...]

    @property
    def weight_stays(self) -> bool:
        """Whether W's hash is the same in every snapshot."""
        return len({moment.base_sha256 for moment in self.moments}) == 1

    @property
    def highest_numerical_rank(self) -> int:
        """The largest of all snapshots."""
        return max(moment.numerical_rank for moment in self.moments)


def followed_layers(events: Iterable[Event]) -> tuple[str, ...]:
    """The layers that a run took snapshots of; none if it took no snapshot yet."""
    first = next((event for event in events if isinstance(event, SnapshotEvent)), None)
    return tuple(one.layer for one in first.layers) if first else ()


def read_story(run: Run, layer: str) -> Story:
    """The story of one followed layer, with at most `MOST_MOMENTS` snapshots spread evenly.

    Raises:
        UserError: the layer was not followed, or a snapshot cannot be read.
    """
    events = run.events()
    taken = [event for event in events if isinstance(event, SnapshotEvent)]
    if layer not in followed_layers(events):
        raise UserError(N_("“%(run)s” has no snapshot of “%(layer)s”."), **_named(run, layer))
    picks = np.linspace(0, len(taken) - 1, min(len(taken), MOST_MOMENTS)).round().astype(int)
    try:
        weight = read_base_weights(run).get(layer)
        read = [(taken[pick], _layer_in(run, taken[pick], layer)) for pick in picks]
    except DamagedFileError as error:
        raise UserError(
            N_("A snapshot of “%(run)s” cannot be read: %(reason)s"), run=run.name, reason=error
        ) from None
    read = [(event, one) for event, one in read if np.isfinite(one.delta).all()]
    if not read:
        raise UserError(N_("No snapshot of “%s” holds finite numbers only."), run.name)
    _check_matrices(run, layer, [one for _event, one in read], weight)
    rows, columns = read[0][1].delta.shape
    tolerance = float(max(rows, columns) * np.finfo(np.float32).eps)
    is_counted = rows * columns <= COUNTED_VALUES
    return Story(
        layer=layer,
        shape=(rows, columns),
        rank=None if read[0][1].a is None else len(read[0][1].a),
        tolerance=tolerance,
        is_counted=is_counted,
        weight=None if weight is None else sampled(weight),
        moments=tuple(_moment(event, one, events, tolerance, is_counted) for event, one in read),
        snapshots=len(taken),
        batch_losses=tuple((e.step, e.loss) for e in _steps(events)),
        held_out=tuple(_held_out(events)),
    )


def sampled(matrix: np.ndarray) -> TensorSample:
    """Exact statistics of a matrix, and the values of evenly picked rows and columns."""
    rows, columns = (evenly_picked(length, SAMPLED_SIDE) for length in matrix.shape)
    kept = matrix[np.ix_(rows, columns)].astype("<f4")
    return TensorSample(
        shape=(matrix.shape[0], matrix.shape[1]),
        minimum=float(matrix.min()),
        maximum=float(matrix.max()),
        norm=float(np.linalg.norm(matrix)),
        rows=rows,
        columns=columns,
        encoded=b64encode(kept.tobytes()).decode(),
    )


def _moment(
    event: SnapshotEvent,
    layer: LayerSnapshot,
    events: Sequence[Event],
    tolerance: float,
    is_counted: bool,
) -> Moment:
    reading = _reading(event, layer.layer)
    values = (
        tuple(np.linalg.svd(layer.delta, compute_uv=False).tolist())
        if is_counted
        else reading.singular_values
    )
    losses = (e.loss for e in _steps(events) if e.step == event.step)
    by_then = [e for e in _held_out(events) if e.step <= event.step]
    return Moment(
        step=event.step,
        batch_loss=next(losses, None),
        held_out=by_then[-1] if by_then else None,
        base_sha256=reading.base_sha256,
        singular_values=values,
        numerical_rank=sum(value > tolerance * values[0] for value in values),
        a=None if layer.a is None else sampled(layer.a),
        b=None if layer.b is None else sampled(layer.b),
        delta=sampled(layer.delta),
    )


def _layer_in(run: Run, event: SnapshotEvent, layer: str) -> LayerSnapshot:
    wanted = event.model_copy(update={"layers": (_reading(event, layer),)})
    return read_snapshot(run, wanted)[0]


def _reading(event: SnapshotEvent, layer: str) -> LayerReading:
    for one in event.layers:
        if one.layer == layer and one.singular_values:
            return one
    raise DamagedFileError(Damage("events.jsonl", "lacks", layer))


def _check_matrices(
    run: Run, layer: str, snapshots: Sequence[LayerSnapshot], weight: np.ndarray | None
) -> None:
    """Raise `UserError` where they are not of one layer, or no numbers."""
    shapes = {tuple(map(_shape, (one.delta, one.a, one.b))) for one in snapshots}
    is_of_weight = weight is None or weight.shape == snapshots[0].delta.shape
    matrices = [one for each in snapshots for one in (each.a, each.b) if one is not None]
    if len(shapes) > 1 or not is_of_weight:
        text = N_("The snapshots of “%(layer)s” in “%(run)s” are not all of one shape.")
    elif not all(np.isfinite(one).all() for one in matrices):
        text = N_("The snapshots of “%(layer)s” in “%(run)s” hold values that are not numbers.")
    else:
        return
    raise UserError(text, **_named(run, layer))


def _shape(matrix: np.ndarray | None) -> tuple[int, ...] | None:
    return None if matrix is None else matrix.shape


def _held_out(events: Iterable[Event]) -> list[EvaluationEvent]:
    """Those that can be drawn."""
    found = (e for e in events if isinstance(e, EvaluationEvent) and e.part == "held_out")
    return [e for e in found if is_drawable(e.loss)]


def _steps(events: Iterable[Event]) -> Iterator[StepEvent]:
    """Those that can be drawn."""
    return (e for e in events if isinstance(e, StepEvent) and is_drawable(e.loss))


def _named(run: Run, layer: str) -> dict[str, str]:
    return {"run": run.name, "layer": layer}
