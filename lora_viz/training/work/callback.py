"""Trainer's callback that records steps, evaluations and snapshots, and stops when asked to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from typing_extensions import override

from lora_viz.i18n import counted
from lora_viz.training.jobs.failures import DivergedError
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.runs.events import CheckpointEvent, EvaluationEvent, Event, Part, StepEvent
from lora_viz.training.runs.results import Loss
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.work.measurements import MemoryMeter
from lora_viz.training.work.snapshots import Snapshots

Evaluate = Callable[[nn.Module], dict[Part, Loss]]


class NothingLeftError(Exception):
    """The checkpoint that a job goes on from is that of its last step; the model has been read."""


class Recorder(TrainerCallback):
    """Writes what happens at each step; in a process that does not record it only stops.

    `last_losses` are those of the last step, if it was evaluated; `last_rate` is its learning rate.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        record: Record,
        stop: StopSignal,
        evaluate: Evaluate,
        snapshots: Snapshots | None,
        meter: MemoryMeter,
        earlier: Sequence[Event],
    ) -> None:
        """`earlier` is what was recorded up to the checkpoint that training goes on from."""
        self._settings = settings
        self._record = record
        self._stop = stop
        self._evaluate = evaluate
        self._snapshots = snapshots
        self._meter = meter
        self._best = float("inf")
        self._stalled = 0
        for event in earlier:
            if isinstance(event, EvaluationEvent) and event.part == "validation" and event.step:
                self._note_validation(event.loss)
        self.last_losses: dict[Part, Loss] | None = None
        self.last_rate = settings.learning_rate
        self._started = self._step_started = time.perf_counter()
        self._first_step = 0
        self._tokens_before = 0

    @override
    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_given: Any
    ) -> None:
        """Times and peaks count from here. Raises `NothingLeftError`."""
        self._started = time.perf_counter()
        self._first_step = state.global_step
        self._tokens_before = int(state.num_input_tokens_seen)
        self._meter.start()
        self._record.keep(steps=state.global_step)
        if state.global_step >= state.max_steps or self._gives_up:
            raise NothingLeftError

    @override
    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_given: Any
    ) -> None:
        """A step's time counts from here."""
        self._step_started = time.perf_counter()

    @override
    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        model: nn.Module | None = None,
        **_given: Any,
    ) -> None:
        """A step is done: record it, evaluate and take a snapshot where they are due, or stop.

        Raises:
            DivergedError: a loss, a gradient or a weight is no finite number any more.
        """
        if not logs or "loss" not in logs:
            return
        assert model is not None
        step, is_last = state.global_step, state.global_step >= state.max_steps
        if self._record.writes:
            self._record.write(self._step_event(state, logs))
            self._record.keep(steps=step)
        self.last_rate = logs["learning_rate"]
        self._need_finite(step, logs["loss"], logs.get("grad_norm"))
        evaluates = is_last or _is_due(step, self._settings.evaluate_every)
        takes_snapshot = is_last or _is_due(step, self._settings.snapshot_every)
        if evaluates or takes_snapshot:
            self._need_finite(step, *_largest_weights(model))
        if self._record.writes:
            self.last_losses = None
            if evaluates:
                self._evaluate_now(step, model)
            if self._snapshots and takes_snapshot:
                self._record.write(self._snapshots.take(step))
        if self._everyone_stops(args):
            control.should_training_stop = True
            control.should_save = True

    @override
    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_given: Any
    ) -> None:
        """A checkpoint is complete."""
        folder = f"checkpoints/checkpoint-{state.global_step}"
        self._record.write(CheckpointEvent(step=state.global_step, folder=folder))

    def _step_event(self, state: TrainerState, logs: dict[str, float]) -> StepEvent:
        now = time.perf_counter()
        tokens = int(state.num_input_tokens_seen)
        new_tokens, self._tokens_before = tokens - self._tokens_before, tokens
        pace = (now - self._started) / (state.global_step - self._first_step)
        return StepEvent(
            step=state.global_step,
            steps=state.max_steps,
            epoch=state.epoch or 0.0,
            loss=logs["loss"],
            gradient_norm=logs.get("grad_norm"),
            learning_rate=logs["learning_rate"],
            tokens_per_second=new_tokens / (now - self._step_started),
            seconds_left=pace * (state.max_steps - state.global_step),
            memory=self._meter.read(),
        )

    def _evaluate_now(self, step: int, model: nn.Module) -> None:
        losses = self.last_losses = self._evaluate(model)
        for part, loss in losses.items():
            self._record.write(evaluation_event(step, part, loss))
        self._need_finite(step, *(loss.loss for loss in losses.values()))
        self._note_validation(losses["validation"].loss)
        if self._gives_up:
            self._record.notice(
                counted(
                    "The validation loss has not fallen in %(count)s evaluation; training stopped.",
                    "The validation loss has not fallen in %(count)s evaluations; training "
                    "stopped.",
                    self._settings.stop_when_stalled,
                )
            )

    @property
    def _gives_up(self) -> bool:
        """Whether the validation loss has stalled for as long as the settings allow."""
        patience = self._settings.stop_when_stalled
        return patience > 0 and self._stalled >= patience

    def _note_validation(self, loss: float) -> None:
        self._stalled = 0 if loss < self._best else self._stalled + 1
        self._best = min(self._best, loss)

    def _need_finite(self, step: int, *values: float | None) -> None:
        if not all(value is None or math.isfinite(value) for value in values):
            raise DivergedError(step, self.last_rate)

    def _everyone_stops(self, args: TrainingArguments) -> bool:
        """Whether any of the processes was asked to stop or gives up: all stop at one step."""
        stops = self._stop.requested or self._gives_up
        if args.world_size == 1:
            return stops
        wish = torch.tensor(float(stops), device=args.device)
        torch.distributed.all_reduce(wish)
        self._stop.requested = self._stop.requested or (wish.item() > 0 and not self._gives_up)
        return wish.item() > 0


def evaluation_event(step: int, part: Part, loss: Loss) -> EvaluationEvent:
    """An evaluation as an event."""
    return EvaluationEvent(step=step, part=part, **loss.model_dump())


def _largest_weights(model: nn.Module) -> list[float]:
    """The largest value of each tensor that is trained; not finite if one of its values is not."""
    trained = [one for one in model.parameters() if one.requires_grad and one.numel()]
    return [float(one.detach().abs().max()) for one in trained]


def _is_due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0
