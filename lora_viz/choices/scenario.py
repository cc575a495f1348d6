"""The scenario: every choice that a reader can make, declared once.

The sidebar, links, the command line and saved settings all read this declaration, so that the
same rule checks a slider, a colleague's link and a line of JSON.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

from annotated_types import Ge, Le
from pydantic import field_validator, model_validator

from lora_viz.choices.declaration import InLinks, choice
from lora_viz.choices.fields.adapter_choices import AdapterChoices
from lora_viz.choices.fields.model_choices import ModelChoices
from lora_viz.choices.fields.peft_settings import PeftSettings
from lora_viz.choices.fields.step_choices import StepChoices
from lora_viz.choices.peft_choices import (
    ADAPTER_FIELDS,
    MODEL_FIELDS,
    OF_NAMES,
    OF_ONE_VOCABULARY,
    lora_choices,
)
from lora_viz.choices.recipes import RECIPES, recipe_of
from lora_viz.choices.several_cards import SeveralCards
from lora_viz.i18n import N_, Language
from lora_viz.machine.cards import Card, cards, gpus
from lora_viz.models.known_names import known_model
from lora_viz.models.usual import usual_settings

AUTOCAST = {"bfloat16": "bf16", "float16": "fp16"}  # as TrainingArguments calls them


# pydantic takes the fields of the last base first
class Scenario(SeveralCards, StepChoices, PeftSettings, AdapterChoices, ModelChoices):
    """One setting of every choice. The defaults are those of the explainer that the app follows.

    Target modules, number format and training loop that are not given are the model's usual ones.
    """

    EXPECTATIONS: ClassVar[dict[str, str]] = {
        "model": N_("the name of a model, such as gpt2"),
        "gpu": N_("the name of a card, such as RTX 3070 or H100 80 GB"),
        "target_modules": N_("at least one name of a layer, such as c_attn"),
    }

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
    def fill_in_what_goes_together(cls, values: Any) -> Any:
        """What is given, then what a recipe says, then what is usual for the model."""
        if not isinstance(values, dict):
            return values
        given = {name: value for name, value in values.items() if name != "recipe"}
        if "recipe" in values:
            given = {**RECIPES[cls.read_word("recipe", values["recipe"])].settings, **given}
        model = given.get("model", cls.model_fields["model"].default)
        usual = usual_settings(known_model(model)) if isinstance(model, str) else {}
        return {**usual, **given}

    @field_validator("gpu")
    @classmethod
    def know_the_card(cls, value: str) -> str:
        if value not in gpus():
            raise ValueError("unknown")
        return value

    def uses(self, field: str) -> bool:
        """Whether a setting means anything by this scenario's method, which else leaves it out."""
        if field == "adapter_dtype" or self._extra(field)["group"] == "adapter":
            return self.trains_adapter
        if field in ("sharding", "cpu_offload"):
            return self.world_size > 1
        of_packing = ("double_quant", "kbit_preparation", "quant_storage")
        return self.is_quantized or field not in of_packing

    @property
    def card(self) -> Card:
        """The chosen card, with the memory of another size where one is given."""
        card = cards()[self.gpu]
        if not self.gpu_memory_gb:
            return card
        size = f"{self.gpu_memory_gb:g} GB"
        return replace(card, name=size, memory_bytes=round(self.gpu_memory_gb * 1e9))

    @property
    def lora_choices(self) -> dict[str, Any]:
        """What `peft.LoraConfig` is told of the adapter, but rank and task."""
        return lora_choices(self.model_dump())

    @property
    def further_adapter(self) -> dict[str, Any]:
        """What else decides which tensors an adapter has, by field, without what is as usual."""
        refused_with = ("dropout",) if self.target_parameters else ()  # which PEFT refuses then
        return self.model_changes | self._unusual(ADAPTER_FIELDS + refused_with)

    @property
    def model_changes(self) -> dict[str, Any]:
        """What is changed of the model itself, by field, without what is as usual."""
        return self._unusual(MODEL_FIELDS)

    def _usual(self, fields: tuple[str, ...]) -> dict[str, Any]:
        return {field: type(self).model_fields[field].default for field in fields}

    def _unusual(self, fields: tuple[str, ...]) -> dict[str, Any]:
        usual = self._usual(fields)
        values = {field: getattr(self, field) for field in fields}
        return {field: value for field, value in values.items() if value != usual[field]}

    @property
    def file_dtypes(self) -> tuple[str, str]:
        """The dtypes of A and B, and of what else is trained, as files of the adapter have them.

        PEFT's preparation of a packed model turns all that is not packed into float32.
        """
        becomes_float32 = self.is_quantized and self.kbit_preparation == "all"
        return self.adapter_dtype, "float32" if becomes_float32 else self.base_dtype

    @property
    def with_adapter(self) -> Scenario:
        """This scenario, by LoRA where it trains all weights."""
        return self if self.trains_adapter else self.changed(method="lora")

    def with_model(self, model: str) -> Scenario:
        """This scenario for another model, with that one's usual targets if they are others.

        So is what speaks of one vocabulary, and with the targets what names other parts of a model.
        The number format and the loop are the usual ones of the new model where they were those of
        the old one; what somebody has set otherwise stays.
        """
        if model == self.model:
            return self
        before, after = usual_settings(self.model), usual_settings(model)
        changes = {
            field: value
            for field, value in after.items()
            if field != "target_modules" and getattr(self, field) == before[field]
        }
        changes |= self._usual(OF_ONE_VOCABULARY)
        if after["target_modules"] != before["target_modules"]:
            changes |= {"target_modules": after["target_modules"]} | self._usual(OF_NAMES)
        return self.changed(model=model, **changes)

    @property
    def loop(self) -> str:
        """The training loop that runs.

        Norms in float32 over a head in half precision work under autocast only, which is Trainer's.
        """
        return "trainer" if self._needs_autocast else self.training_loop

    @property
    def autocast(self) -> str:
        """The mixed precision that the forward pass runs in: "none", "bf16" or "fp16".

        By itself it is that of half-precision weights under Trainer. PyTorch's scaler of gradients
        refuses those in float16, so that weights of that format are trained without.
        """
        if self.mixed_precision != "auto" and not self._needs_autocast:
            return self.mixed_precision
        trained = self.adapter_dtype if self.trains_adapter else self.base_dtype
        if self.loop != "trainer" or trained == "float16":
            return "none"
        return AUTOCAST.get(self.base_dtype, "none")

    @property
    def _needs_autocast(self) -> bool:
        return self.is_quantized and self.kbit_preparation == "norms"

    @property
    def recipe(self) -> str | None:
        """The recipe that this scenario is by all of its settings; None if it is none."""
        return recipe_of(self.model_dump())

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
