"""The settings of a training job: a scenario, the data, and how long and how fast to train."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import ValidationError, field_validator, model_validator

from lora_viz.choices.declaration import Declared, choice
from lora_viz.choices.methods import METHODS
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.storage import expanded

EMBEDDED_MODEL = "tiny-gpt2"
# What the training lab starts from where the scenario's own defaults describe a larger model.
SCENARIO_DEFAULTS: dict[str, Any] = {
    "model": EMBEDDED_MODEL,
    "target_modules": ("c_attn", "attn.c_proj"),
    "batch_size": 8,
    "seq_len": 128,
}
LONGEST_NAME, LONGEST_PATH = 255, 4095  # bytes of a file's name and of its path, on Linux

# what a job's step is, whatever the scenario says of steps that are not run here
AS_TRAINED: dict[str, Any] = {
    "loss": "full", "offloading": "none", "packing": "none", "lengths": (),
}  # fmt: skip


def training_scenario(values: dict[str, Any] | None = None) -> Scenario:
    """A scenario with the training lab's defaults for what `values` leaves open.

    Raises:
        UserError: a value is not allowed.
    """
    given = values or {}
    defaults = dict(SCENARIO_DEFAULTS)
    if given.get("model", EMBEDDED_MODEL) != EMBEDDED_MODEL:
        del defaults["target_modules"]
    return Scenario.make(defaults | given)


class TrainingSettings(Declared):
    """One setting of every choice of a training job.

    Batch size, sequence length and gradient accumulation are the scenario's. A learning rate that
    is not given is the usual one for the scenario's method.
    """

    EXPECTATIONS: ClassVar[dict[str, str]] = {
        "scenario": N_("a scenario"),
        "data_file": N_("the path of a text or JSONL file"),
    }

    scenario: Scenario = choice(
        training_scenario(),
        N_("Scenario"),
        N_("The model, the adapter and the batch."),
        group="model",
    )
    task: Literal["style", "qa", "own"] = choice(
        "style",
        N_("Task"),
        N_("A change of style, questions and answers about LoRA, or data of your own."),
        group="data",
    )
    data_file: str = choice(
        "",
        N_("Data file"),
        N_("Your own text, or JSONL with prompt and completion in every line."),
        short="data",
        group="data",
    )
    steps: Annotated[int, Ge(1), Le(1_000_000)] = choice(
        150, N_("Steps"), N_("Optimizer steps; not used where epochs are given."), group="training"
    )
    epochs: Annotated[float, Ge(0.0), Le(1000.0)] = choice(
        0.0,
        N_("Epochs"),
        N_("Passes over the training data; 0 to train for a number of steps."),
        group="training",
    )
    stop_when_stalled: Annotated[int, Ge(0), Le(1000)] = choice(
        0,
        N_("Stop when stalled"),
        N_("Evaluations in a row without a lower validation loss; 0 to train to the end."),
        group="training",
    )
    learning_rate: Annotated[float, Ge(0.0), Le(10.0)] = choice(
        METHODS["lora"].learning_rate,
        N_("Learning rate"),
        N_("The highest rate of the schedule."),
        group="training",
    )
    schedule: Literal["constant", "linear", "cosine"] = choice(
        "linear",
        N_("Schedule"),
        N_("How the learning rate falls after the warm-up."),
        group="training",
    )
    warmup_steps: Annotated[int, Ge(0), Le(100_000)] = choice(
        5,
        N_("Warm-up steps"),
        N_("Steps in which the learning rate rises from zero."),
        group="training",
    )
    seed: Annotated[int, Ge(0), Le(2**31 - 1)] = choice(
        0,
        N_("Seed"),
        N_("Decides A's random values, the order of the data and dropout."),
        group="training",
    )
    precision: Literal["auto", "float32", "bfloat16"] = choice(
        "auto",
        N_("Precision"),
        N_("Automatic mixed precision: bfloat16 where the GPU has it, float32 elsewhere."),
        group="training",
    )
    evaluate_every: Annotated[int, Ge(0), Le(100_000)] = choice(
        25,
        N_("Evaluate every"),
        N_("Steps between evaluations; 0 for the first and last only."),
        group="records",
    )
    evaluation_sequences: Annotated[int, Ge(1), Le(100_000)] = choice(
        32,
        N_("Sequences in an evaluation"),
        N_("The most sequences of one part of the data, spread evenly over it."),
        group="records",
    )
    snapshot_every: Annotated[int, Ge(0), Le(100_000)] = choice(
        15,
        N_("Snapshot every"),
        N_("Steps between snapshots of A and B; 0 for none."),
        group="records",
    )
    checkpoint_every: Annotated[int, Ge(0), Le(100_000)] = choice(
        50,
        N_("Checkpoint every"),
        N_("Steps between checkpoints to resume from; 0 for none."),
        group="records",
    )

    @model_validator(mode="before")
    @classmethod
    def fill_in(cls, values: Any) -> Any:
        """The usual learning rate of the method, and the task that a data file means."""
        if not isinstance(values, dict):
            return values
        filled = dict(values)
        if filled.get("data_file") and "task" not in filled:
            filled["task"] = "own"
        if "learning_rate" not in filled:
            filled["learning_rate"] = _usual_rate(filled.get("scenario"))
        return filled

    @field_validator("data_file")
    @classmethod
    def make_absolute(cls, value: str) -> str:
        """A job may start in another folder than the one in which its file was named.

        What no file can be called is refused: looking for such a file would be an error.
        """
        if not value:
            return ""
        try:
            at_home = Path(value).expanduser()
        except RuntimeError:  # there is no such user
            raise ValueError("no path") from None
        path = expanded(str(at_home))
        in_bytes = str(path).encode(errors="surrogateescape")  # UTF-8, whatever the locale is
        longest = max(map(len, in_bytes.split(b"/")))
        if longest > LONGEST_NAME or len(in_bytes) > LONGEST_PATH or b"\0" in in_bytes:
            raise ValueError("no path")
        return _as_text(path)

    def with_scenario(self, scenario: Scenario) -> TrainingSettings:
        """These settings for another scenario; a usual learning rate becomes the usual one there.

        Raises:
            UserError: a value is not allowed.
        """
        values = self.model_dump() | {"scenario": scenario}
        if self.learning_rate == METHODS[self.scenario.method].learning_rate:
            del values["learning_rate"]
        return self.make(values)

    def flat(self) -> dict[str, Any]:
        """Every choice by its field's name, the scenario's among them, to compare runs by."""
        values = self.model_dump(mode="json")
        return values.pop("scenario") | values

    @property
    def tokens_per_step(self) -> int:
        """Tokens of one optimizer step in one process, padding included."""
        scenario = self.scenario
        return scenario.batch_size * scenario.seq_len * scenario.gradient_accumulation


def parse_settings(text: str | bytes) -> TrainingSettings:
    """Read saved settings. Raises `UserError` where they are not settings."""
    try:
        return TrainingSettings.model_validate_json(text)
    except ValidationError as error:
        for one in error.errors():
            said = one.get("ctx", {}).get("error")
            if isinstance(said, UserError):
                raise said from None
        raise UserError(N_("These are not the settings of a training job.")) from None


def _as_text(path: Path) -> str:
    """A path as JSON can hold it, whatever the locale. `ValueError` where it is not UTF-8."""
    return str(path).encode(errors="surrogateescape").decode()


def _usual_rate(scenario: object) -> float:
    """The usual learning rate of a scenario's method, whatever is still to be checked of it."""
    if not isinstance(scenario, Scenario):
        named = scenario if isinstance(scenario, dict) else {}
        try:
            scenario = Scenario.make(
                {name: named[name] for name in ("method", "quantization") if name in named}
            )
        except UserError:  # what is wrong is said where the scenario itself is checked
            scenario = training_scenario()
    return METHODS[scenario.method].learning_rate
