"""The adapter: its rank, its scale, and the layers that get one."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import field_validator

from lora_viz.choices.declaration import Declared, InLinks, choice
from lora_viz.choices.targets import as_peft_targets, bounded, going_together, split_targets
from lora_viz.i18n import N_


class AdapterChoices(Declared):
    """What A and B are, and where."""

    rank: Annotated[int, Ge(1), Le(1024)] = choice(
        8, N_("Rank r"), N_("How many columns B has and how many rows A has."), group="adapter"
    )
    alpha: Annotated[int | float, Ge(0.001), Le(65536)] = choice(
        16, N_("Alpha"), N_("The adapter's output is multiplied by alpha/r."), group="adapter"
    )
    target_modules: Annotated[
        tuple[str, ...],
        InLinks(
            re.compile(r"[^/]+"),
            N_("names of layers or a pattern, of at most 4,000 characters"),
            4000,
        ),
    ] = choice(
        ("c_attn", "attn.c_proj"),
        N_("Target modules"),
        N_(
            "Names of the layers to adapt, or how these names end. Alone: all-linear, or a regular "
            "expression."
        ),
        short="targets",
        group="adapter",
    )
    rslora: bool = choice(
        False, N_("rsLoRA"), N_("Scale by alpha/√r instead of alpha/r."), group="adapter"
    )
    dora: bool = choice(
        False,
        N_("DoRA"),
        N_("Train a magnitude for each output in addition to A and B."),
        group="adapter",
    )
    bias: Literal["none", "all", "lora_only"] = choice(
        "none", N_("Bias"), N_("Which of the base model's biases are trained too."), group="adapter"
    )
    dropout: Annotated[float, Ge(0.0), Le(0.9)] = choice(
        0.0,
        N_("Dropout"),
        N_("Share of the adapter's inputs that are zeroed in training."),
        group="adapter",
    )

    @field_validator("target_modules", mode="before")
    @classmethod
    def split_targets(cls, value: object) -> object:
        """Read "a,b" as two names, but a regular expression as one, commas and all."""
        return split_targets(value) if isinstance(value, str) else value

    @field_validator("target_modules")
    @classmethod
    def need_targets_that_go_together(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Each name once and plain; what stands for a whole list of names stands alone."""
        return bounded(going_together(value))

    @field_validator("alpha")
    @classmethod
    def keep_whole_alphas(cls, value: int | float) -> int | float:
        """16.0 is 16, so that one alpha has one spelling."""
        return int(value) if value == int(value) else value

    @property
    def peft_targets(self) -> str | list[str]:
        """The targets as `peft.LoraConfig` wants them: a string for a pattern, a list for names."""
        return as_peft_targets(self.target_modules)
