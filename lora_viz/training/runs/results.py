"""What a job found out: `result.json`, written once at its end.

Losses are means over tokens in nats; sizes are bytes; times are seconds.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from lora_viz.i18n import Message, encodable
from lora_viz.training.runs.quantities import Count, Moment, PositiveCount, Seconds

CheckName = Literal["base_unchanged", "reloaded", "merged", "adapter_off", "rank"]
End = Literal["finished", "stopped", "failed"]


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="constants")


class Loss(_Plain):
    """The mean loss over `tokens` and its exponential."""

    loss: float
    perplexity: float
    tokens: Count


class BeforeAfter(_Plain):
    """A part's loss before training and after it (None if the job ended before)."""

    before: Loss
    after: Loss | None = None


class ExactMatch(_Plain):
    """Of `questions`, how many answers are the expected ones word for word."""

    questions: Count
    before: Count
    after: Count


class Sample(_Plain):
    """What the model says to a prompt before and after training; `expected` is the data's."""

    prompt: str
    expected: str
    before: str
    after: str | None = None


class Check(_Plain):
    """One thing that was tried out.

    `passed` is None where it does not apply (`note` says why, and `why_not` in the language of
    whoever shows it). `measured` is the greatest absolute
    difference of logits, for `rank` the greatest numerical rank of a ΔW.
    """

    name: CheckName
    passed: bool | None
    measured: float | None = None
    note: str = ""
    note_meaning: Message | None = None

    @property
    def why_not(self) -> Message:
        """Why it does not apply."""
        return self.note_meaning or Message(self.note)


class LayerChange(_Plain):
    """What full fine-tuning or LoRA did to one weight: ΔW = W after − W before.

    `shape` is (out, in). `singular_values` are ΔW's in falling order (a LoRA layer has at most r).
    `file` is below the run's folder and holds ΔW as `LAYER.delta`, where it was kept.
    """

    layer: str
    shape: tuple[PositiveCount, PositiveCount]
    singular_values: tuple[float, ...]
    delta_norm: float
    base_norm: float | None
    file: str | None = None


class Memory(_Plain):
    """The most memory that was taken, in bytes, and what was simulated for the same step.

    On CUDA `peak_allocated` and `peak_reserved` are torch's and comparable with the simulated
    peak. On a CPU only the resident set of the whole process is known: libraries (several hundred
    MB), data and what the allocator keeps are in both figures, so that neither is a measurement of
    the simulated one. `resident_at_start` is the resident set just before the first step, with all
    libraries loaded; `peak_resident` the most since the process started, loading included.
    """

    peak_resident: Count
    resident_at_start: Count
    peak_allocated: Count | None = None
    peak_reserved: Count | None = None
    simulated_peak_allocated: Count | None = None


class Files(_Plain):
    """Sizes of the real files in bytes; `model` is that of full fine-tuning."""

    adapter: Count | None = None
    model: Count | None = None
    optimizer: Count | None = None


class Machine(_Plain):
    """Where and with what the job ran; `threads` are those that torch computes with."""

    device: str
    precision: str
    processes: Count
    threads: Count
    software: dict[str, str]


class Ending(_Plain):
    """How a job or a sweep ended, and where it failed why and what to try.

    `reason` and `advice` are in the language of who started it, their meanings what each reader's
    own words are made of; files of earlier versions lack those.
    """

    state: End
    reason: str = ""
    reason_meaning: Message | None = None
    advice: str = ""
    advice_meaning: Message | None = None

    @property
    def why(self) -> Message:
        """Why it ended so; nothing where that needs no reason."""
        return self.reason_meaning or Message(self.reason)

    @property
    def what_to_try(self) -> Message:
        """What would be right; nothing where there is no advice."""
        return self.advice_meaning or Message(self.advice)


def ending(reason: Message | None, advice: Message | None) -> dict[str, Any]:
    """The fields of an `Ending` that say why and what to try."""
    return {
        "reason": encodable(str(reason or "")),
        "reason_meaning": reason or None,
        "advice": encodable(str(advice or "")),
        "advice_meaning": advice or None,
    }


class Result(Ending):
    """How a job ended and everything that it measured; what it did not get to is None.

    Where a job was cut off and went on after step `resumed_from`, `seconds`, by what it did, and
    `started` are those of its last process. `diverged_at` is the step at which a loss or a gradient
    was no finite number any more.
    """

    started: Moment
    ended: Moment
    seconds: dict[str, Seconds] = {}
    resumed_from: Count | None = None
    diverged_at: Count | None = None
    steps: Count = 0
    machine: Machine | None = None
    trainable_parameters: Count | None = None
    total_parameters: Count | None = None
    held_out: BeforeAfter | None = None
    validation: BeforeAfter | None = None
    pretraining: BeforeAfter | None = None
    own_pretraining_text: bool = False
    exact_match_held_out: ExactMatch | None = None
    exact_match_trained: ExactMatch | None = None
    samples: tuple[Sample, ...] = ()
    base_sha256_before: str | None = None
    base_sha256_after: str | None = None
    checks: tuple[Check, ...] = ()
    layer_changes: tuple[LayerChange, ...] = ()
    files: Files = Files()
    memory: Memory | None = None

    def timed_steps(self) -> int:
        """How many steps the seconds of the training are of: those since it was resumed."""
        return self.steps - (self.resumed_from or 0)

    def training_seconds(self) -> float | None:
        """What the whole training took; None if it was not timed, as where it was resumed."""
        return self.seconds.get("training") if self.resumed_from is None else None
