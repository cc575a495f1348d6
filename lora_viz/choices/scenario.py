"""The scenario: every choice that a reader can make, declared once.

The sidebar, links, the command line and saved settings all read this declaration, so that the
same rule checks a slider, a colleague's link and a line of JSON.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Ge, Le
from pydantic import field_validator, model_validator

from lora_viz.choices.declaration import Declared, InLinks, OtherSpelling, choice
from lora_viz.choices.methods import METHODS, MethodName, method_over
from lora_viz.choices.optimizers import OptimizerName
from lora_viz.choices.quantizations import QUANTIZATIONS, QuantizationName
from lora_viz.dtypes import DType
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Language, Message
from lora_viz.machine.cards import Card, cards, gpus
from lora_viz.models.catalogue import default_targets
from lora_viz.models.source import MODEL_IN_LINKS

REGEX_CHARACTERS = set(r"*+?[](){}|^$\\")
ALL_LINEAR = "all-linear"
MOST_TARGETS = 200  # Llama-3.1-405B has 126 blocks; a longer list is better written as a pattern
LONGEST_TARGET = 2000  # characters
DEEPEST_PATTERN = 50  # brackets within brackets; Python's compiler of patterns gives up at 500
MODEL_OF_A_LINK = InLinks(
    MODEL_IN_LINKS,
    N_(
        "a name of the catalogue, a hub id, custom:… or upload:… (type a folder of this machine "
        "into the sidebar)"
    ),
)


class Scenario(Declared):
    """One setting of every choice. The defaults are those of the explainer that the app follows.

    Target modules that are not given are the model's usual ones.
    """

    EXPECTATIONS: ClassVar[dict[str, str]] = {
        "model": N_("the name of a model, such as gpt2"),
        "gpu": N_("the name of a card, such as RTX 3070 or H100 80 GB"),
        "target_modules": N_("at least one name of a layer, such as c_attn"),
    }
    OTHER_SPELLINGS: ClassVar[dict[str, OtherSpelling]] = {
        "quantization": OtherSpelling(
            N_("Quantization"),
            N_("Pack the base model's linear layers into 4 bits (NF4), as QLoRA does."),
            tuple(QUANTIZATIONS),
        )
    }

    model: Annotated[str, MODEL_OF_A_LINK] = choice(
        "gpt2",
        N_("Model"),
        N_("A name of the catalogue, a hub id, a local folder or config.json, or custom:…"),
        group="model",
    )
    method: MethodName = choice(
        "lora",
        N_("Method"),
        N_("Train all weights, an adapter, or an adapter over 4-bit weights."),
        group="model",
    )
    rank: Annotated[int, Ge(1), Le(1024)] = choice(
        8, N_("Rank r"), N_("How many columns B has and how many rows A has."), group="adapter"
    )
    alpha: Annotated[int, Ge(1), Le(65536)] = choice(
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
    batch_size: Annotated[int, Ge(1), Le(4096)] = choice(
        4, N_("Batch size"), N_("Sequences in one training step."), group="batch"
    )
    seq_len: Annotated[int, Ge(1), Le(1_048_576)] = choice(
        512, N_("Sequence length"), N_("Tokens in one sequence."), group="batch"
    )
    padding: bool = choice(
        False,
        N_("Padding"),
        N_("Batches hold padded sequences, so that attention needs a mask."),
        group="batch",
    )
    base_dtype: DType = choice(
        "float32",
        N_("Base dtype"),
        N_("Number format of the base model's weights."),
        group="formats",
    )
    adapter_dtype: DType = choice(
        "float32",
        N_("Adapter dtype"),
        N_("Number format of A, B and DoRA's magnitudes."),
        group="formats",
    )
    double_quant: bool = choice(
        False,
        N_("Double quantization"),
        N_("Pack the quantization constants too, from four bytes to about one."),
        short="double-quant",
        group="formats",
    )
    kbit_preparation: Literal["all", "norms", "none"] = choice(
        "all",
        N_("Preparation for 4-bit training"),
        N_("Which unpacked weights become float32: all, as PEFT does, only norms, or none."),
        group="formats",
    )
    gradient_checkpointing: bool = choice(
        False,
        N_("Gradient checkpointing"),
        N_("Keep only each block's input and compute the rest again in the backward pass."),
        group="passes",
    )
    attention: Literal["sdpa", "eager", "flash_attention_2"] = choice(
        "sdpa",
        N_("Attention"),
        N_("Which implementation of attention the model runs."),
        group="passes",
    )
    training_loop: Literal["plain", "trainer"] = choice(
        "plain",
        N_("Training loop"),
        N_(
            "A plain loop keeps the model's outputs during the backward pass. Trainer with mixed "
            "precision frees them and runs the model under autocast."
        ),
        group="passes",
    )
    optimizer: OptimizerName = choice(
        "adamw",
        N_("Optimizer"),
        N_(
            "AdamW keeps two moments for each trainable value, of one byte each in 8 bits. SGD "
            "keeps none. Fused and loop need no copies of all weights at once."
        ),
        group="optimizer",
    )
    gradient_accumulation: Annotated[int, Ge(1), Le(1024)] = choice(
        1,
        N_("Gradient accumulation"),
        N_("Batches whose gradients are added up for one step."),
        group="optimizer",
    )
    gradient_clipping: bool = choice(
        True,
        N_("Gradient clipping"),
        N_("Scale gradients down to a norm of one before the step."),
        group="optimizer",
    )
    gpu: Annotated[
        str, InLinks(re.compile(r".*"), N_("the name of a card, such as RTX 3070 or H100 80 GB"))
    ] = choice("RTX 3070", N_("GPU"), N_("The card that the model has to fit on."), group="card")
    gpu_memory_gb: Annotated[float, Ge(0.0), Le(10_000.0)] = choice(
        0.0,
        N_("Another size of the GPU (GB)"),
        N_(
            "Memory of a card that is not in the table, in GB of 10⁹ bytes; 0 uses the memory "
            "of the chosen card. A card sold as 24 GB has 25.8 GB in this unit."
        ),
        group="card",
    )
    tasks: Annotated[int, Ge(1), Le(1000)] = choice(
        5, N_("Tasks"), N_("How many adapters share one base model."), group="pages"
    )
    language: Language = choice(
        "en", N_("Language"), N_("The language of the pages."), short="lang", group="pages"
    )

    @model_validator(mode="before")
    @classmethod
    def take_a_quantization_for_a_method(cls, values: Any) -> Any:
        """LoRA over NF4 is the method QLoRA, however it is spelt."""
        if not isinstance(values, dict) or "quantization" not in values:
            return values
        quantization = cls.read_word("quantization", values["quantization"])
        others = {name: value for name, value in values.items() if name != "quantization"}
        method = others.get("method", cls.model_fields["method"].default)
        if isinstance(method, str) and method in METHODS:
            others["method"] = method_over(method, quantization)
        return others

    @model_validator(mode="before")
    @classmethod
    def fill_in_targets(cls, values: Any) -> Any:
        if isinstance(values, dict) and "target_modules" not in values:
            model = values.get("model", cls.model_fields["model"].default)
            usual = default_targets(model) if isinstance(model, str) else ()
            return values | {"target_modules": usual} if usual else values
        return values

    @field_validator("gpu")
    @classmethod
    def know_the_card(cls, value: str) -> str:
        if value not in gpus():
            raise ValueError("unknown")
        return value

    @field_validator("target_modules", mode="before")
    @classmethod
    def split_targets(cls, value: object) -> object:
        """Read "a,b" as two names, but a regular expression as one, commas and all."""
        return _split(value) if isinstance(value, str) else value

    @field_validator("target_modules")
    @classmethod
    def need_targets_that_go_together(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Each name once and plain; what stands for a whole list of names stands alone."""
        targets = tuple(dict.fromkeys(part for given in value for part in _split(given)))
        # pages write names between backticks
        if not targets or any("`" in target for target in targets):
            raise ValueError("empty")
        lone = next((target for target in targets if stands_alone(target)), None)
        if lone is not None and len(targets) > 1:
            raise UserError(_beside_names(lone, targets))
        return targets

    @field_validator("target_modules")
    @classmethod
    def bound_targets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Each target once, not too many, and none that is too long or too deep to be matched."""
        if len(value) > MOST_TARGETS:
            raise UserError(
                N_("At most %(most)s target modules can be named, not %(count)s; use a pattern."),
                most=MOST_TARGETS,
                count=f"{len(value):,}",
            )
        if any(
            len(target) > LONGEST_TARGET or _depth(target) > DEEPEST_PATTERN for target in value
        ):
            raise UserError(
                N_(
                    "A target module has at most %(longest)s characters and %(deepest)s nested "
                    "brackets."
                ),
                longest=f"{LONGEST_TARGET:,}",
                deepest=DEEPEST_PATTERN,
            )
        return tuple(dict.fromkeys(value))

    @property
    def is_quantized(self) -> bool:
        """Whether the base model's weights are packed, as QLoRA packs them."""
        return QUANTIZATIONS[self.quantization].packs

    @property
    def quantization(self) -> QuantizationName:
        """How the method packs the base model's linear layers."""
        return METHODS[self.method].quantization

    @property
    def trains_adapter(self) -> bool:
        """Whether A and B are trained, and not the model's own weights."""
        return METHODS[self.method].trains_adapter

    def uses(self, field: str) -> bool:
        """Whether a setting means anything by this scenario's method, which else leaves it out."""
        if field == "adapter_dtype" or self._extra(field)["group"] == "adapter":
            return self.trains_adapter
        return self.is_quantized or field not in ("double_quant", "kbit_preparation")

    @property
    def card(self) -> Card:
        """The chosen card, with the memory of another size where one is given."""
        card = cards()[self.gpu]
        if not self.gpu_memory_gb:
            return card
        size = f"{self.gpu_memory_gb:g} GB"
        return replace(card, name=size, memory_bytes=round(self.gpu_memory_gb * 1e9))

    @property
    def peft_targets(self) -> str | list[str]:
        """The targets as `peft.LoraConfig` wants them: a string for a pattern, a list for names."""
        return as_peft_targets(self.target_modules)

    def with_model(self, model: str) -> Scenario:
        """This scenario for another model, with that one's usual targets if they are others."""
        if default_targets(model) == default_targets(self.model):
            return self.changed(model=model)
        return self.changed(model=model, target_modules=default_targets(model))

    def to_query(self, defaults: Self | None = None) -> dict[str, str]:
        """The settings as link parameters; the targets of a model that fits no link stay out too:
        they would be taken for another model's."""
        query = super().to_query(defaults)
        if not self.fits_links("model"):
            query.pop(self.short_name("target_modules"), None)
        return query

    def defaults(self) -> Scenario:
        """The settings that links are shortened against: the defaults for this model."""
        return Scenario(model=self.model).model_copy(update={"model": Scenario().model})


def as_peft_targets(target_modules: tuple[str, ...]) -> str | list[str]:
    """Targets as `peft.LoraConfig` wants them: a string for a pattern, a list for names."""
    first = target_modules[0]
    return first if len(target_modules) == 1 and stands_alone(first) else list(target_modules)


def stands_alone(target: str) -> bool:
    """Whether PEFT takes a target only by itself: all-linear, or a pattern.

    In a list both would be names, which no layer has, and would silently do nothing.
    """
    return target.lower() == ALL_LINEAR or _is_pattern(target)


def chosen_targets(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """What a reader means who changes the list of targets from `before` to `after`.

    A target that stands alone replaces the names, also where a whole list is added at once, and a
    name that is added replaces it.
    """
    added = [target for target in after if target not in before]
    if lone := [target for target in added if stands_alone(target)]:
        return (lone[-1],)
    names = tuple(target for target in after if not stands_alone(target))
    return names if added else after


def _is_pattern(target: str) -> bool:
    return bool(REGEX_CHARACTERS & set(target))


def _split(text: str) -> tuple[str, ...]:
    """Names between commas, or one pattern; all-linear as PEFT writes it, in small letters."""
    if _is_pattern(text):
        return (text.strip(),)
    parts = (part.strip() for part in text.split(","))
    return tuple(ALL_LINEAR if part.lower() == ALL_LINEAR else part for part in parts if part)


def _beside_names(lone: str, targets: tuple[str, ...]) -> Message:
    """One sentence on a target that stands alone but is given with others."""
    others = ", ".join(target for target in targets if target != lone)[:60]
    if lone == ALL_LINEAR:
        text = N_(
            "The target “all-linear” already means every linear layer and must stand alone, "
            "without “%(others)s”."
        )
    else:
        text = N_(
            "The pattern “%(pattern)s” must stand alone as a target, without “%(others)s”; one "
            "pattern can match all of them, as in (a|b)."
        )
    return Message(text, pattern=lone[:60], others=others)


def _depth(pattern: str) -> int:
    """How many brackets stand open within each other at most."""
    deepest = depth = 0
    for sign in pattern:
        depth += (sign in "([") - (sign in ")]")
        deepest = max(deepest, depth)
    return deepest
