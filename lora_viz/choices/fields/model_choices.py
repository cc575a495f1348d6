"""Which model is trained, and by which method."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import field_validator, model_validator

from lora_viz.choices.declaration import Declared, InLinks, OtherSpelling, choice
from lora_viz.choices.methods import METHODS, MethodName, method_over
from lora_viz.choices.quantizations import QUANTIZATIONS, QuantizationName
from lora_viz.choices.recipes import RECIPES
from lora_viz.i18n import N_
from lora_viz.models.known_names import known_model
from lora_viz.models.source import MODEL_IN_LINKS

MODEL_OF_A_LINK = InLinks(
    MODEL_IN_LINKS,
    N_(
        "a name of the catalogue, a hub id, custom:… or upload:… (type a folder of this machine "
        "into the sidebar)"
    ),
)


class ModelChoices(Declared):
    """The model, and what is trained of it."""

    OTHER_SPELLINGS: ClassVar[dict[str, OtherSpelling]] = {
        "quantization": OtherSpelling(
            N_("Quantization"),
            N_("Pack the base model's linear layers into 4 bits (NF4), as QLoRA does."),
            tuple(QUANTIZATIONS),
        ),
        "recipe": OtherSpelling(
            N_("Recipe"),
            N_("Settings that people use together, set at once; others that are given go before."),
            tuple(RECIPES),
        ),
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

    @field_validator("model")
    @classmethod
    def know_the_model(cls, value: str) -> str:
        """A model of the catalogue by its key, whichever of its names was written."""
        return known_model(value)

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
