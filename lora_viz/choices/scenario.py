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
from lora_viz.choices.peft_choices import (
    ADAPTER_FIELDS,
    MODEL_FIELDS,
    OF_NAMES,
    OF_ONE_VOCABULARY,
    lora_choices,
)
from lora_viz.choices.peft_values import (
    LIST_NAME,
    LONGEST_TEXT,
    MODULE_NAME,
    MOST_TOKENS,
    read_names,
    read_numbers,
    read_pattern,
    read_pattern_names,
    read_token_indices,
)
from lora_viz.choices.quantizations import QUANTIZATIONS, QuantizationName
from lora_viz.choices.targets import as_peft_targets, bounded, going_together, split_targets
from lora_viz.dtypes import DType
from lora_viz.i18n import N_, Language
from lora_viz.machine.cards import Card, cards, gpus
from lora_viz.models.hub_names import usual_targets
from lora_viz.models.known_names import known_model
from lora_viz.models.source import MODEL_IN_LINKS

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
    target_parameters: Annotated[
        tuple[str, ...],
        InLinks(
            MODULE_NAME,
            N_("names of parameters with commas between them, such as mlp.experts.gate_up_proj"),
            LONGEST_TEXT,
            quotes_commas=True,
        ),
    ] = choice(
        (),
        N_("Target parameters"),
        N_(
            "Stacked weights that are no layers, as those of experts, by the ends of their names: "
            "mlp.experts.gate_up_proj."
        ),
        group="peft",
    )
    modules_to_save: Annotated[
        tuple[str, ...],
        InLinks(
            MODULE_NAME,
            N_("names of modules with commas between them, such as embed_tokens, lm_head"),
            LONGEST_TEXT,
            quotes_commas=True,
        ),
    ] = choice(
        (),
        N_("Modules to save"),
        N_(
            "Modules that PEFT trains in full and saves with the adapter, by the ends of their "
            "names: embed_tokens, lm_head, classifier."
        ),
        group="peft",
    )
    ensure_weight_tying: bool = choice(
        False,
        N_("Keep tied weights tied"),
        N_(
            "Train one copy of an embedding that the head shares. Without it PEFT trains and "
            "saves each of them by itself."
        ),
        group="peft",
    )
    layers_to_transform: Annotated[
        tuple[int, ...],
        InLinks(
            re.compile(r"\d{1,4}"),
            N_("numbers of blocks with commas between them, such as 0,1,2"),
            LONGEST_TEXT,
        ),
    ] = choice(
        (),
        N_("Layers to adapt"),
        N_("Numbers of the blocks that get an adapter, from 0; none for all of them."),
        group="peft",
    )
    layers_pattern: Annotated[
        tuple[str, ...],
        InLinks(
            LIST_NAME, N_("names of lists of blocks with commas between them, such as layers, h")
        ),
    ] = choice(
        (),
        N_("Lists of layers"),
        N_("Which lists of blocks the numbers are of, where a model has several, by their names."),
        group="peft",
    )
    exclude_modules: Annotated[
        tuple[str, ...],
        InLinks(
            re.compile(r"[^/]+"),
            N_("names of layers or a pattern, of at most 4,000 characters"),
            LONGEST_TEXT,
        ),
    ] = choice(
        (),
        N_("Excluded modules"),
        N_(
            "Layers that get no adapter though a target matches them: ends of names, or one "
            "regular expression."
        ),
        group="peft",
    )
    rank_pattern: Annotated[
        str,
        InLinks(
            re.compile(r"[^/`]*"),
            N_('an object of JSON with a rank for each pattern, such as {"q_proj": 32}'),
            LONGEST_TEXT,
        ),
    ] = choice(
        "",
        N_("Ranks of some layers"),
        N_('Another rank for layers whose names end so, by regular expression: {"q_proj": 32}.'),
        group="peft",
    )
    alpha_pattern: Annotated[
        str,
        InLinks(
            re.compile(r"[^/`]*"),
            N_('an object of JSON with an alpha for each pattern, such as {"q_proj": 32}'),
            LONGEST_TEXT,
        ),
    ] = choice(
        "",
        N_("Alphas of some layers"),
        N_('Another alpha for layers whose names end so, by regular expression: {"q_proj": 32}.'),
        group="peft",
    )
    lora_bias: bool = choice(
        False,
        N_("Bias of B"),
        N_("Train a bias with each B, which PEFT calls lora_bias."),
        group="peft",
    )
    init_lora_weights: Literal["true", "gaussian", "pissa", "olora", "eva", "loftq", "false"] = (
        choice(
            "true",
            N_("Initial A and B"),
            N_(
                "What A and B are before training: random and zero (true, gaussian), parts of W "
                "(pissa, olora), from data (eva), close to what packing loses (loftq), or both "
                "random (false)."
            ),
            group="peft",
        )
    )
    task_type: Literal[
        "auto",
        "CAUSAL_LM",
        "SEQ_2_SEQ_LM",
        "SEQ_CLS",
        "TOKEN_CLS",
        "QUESTION_ANS",
        "IMAGE_CLS",
    ] = choice(
        "auto",
        N_("Task and head"),
        N_(
            "The head that the model gets, as transformers' Auto classes give it; auto for that of "
            "its configuration. PEFT trains the heads of SEQ_CLS, TOKEN_CLS and QUESTION_ANS in "
            "full; for images (IMAGE_CLS) name classifier among the modules to save."
        ),
        group="peft",
    )
    num_labels: Annotated[int, Ge(0), Le(100_000)] = choice(
        0,
        N_("Labels"),
        N_("How many labels a classifier tells apart; 0 for as many as its configuration has."),
        group="peft",
    )
    vocab_size: Annotated[int, Ge(0), Le(MOST_TOKENS)] = choice(
        0,
        N_("Vocabulary"),
        N_(
            "Tokens of a vocabulary that was resized for training; 0 for the model's own. PEFT "
            "then saves the embedding and the head with the adapter."
        ),
        group="peft",
    )
    trainable_token_indices: Annotated[
        str,
        InLinks(
            re.compile(r"[^/`]*"),
            N_(
                "numbers of tokens with commas between them, or an object of JSON such as "
                '{"embed_tokens": [0, 1]}'
            ),
            LONGEST_TEXT,
        ),
    ] = choice(
        "",
        N_("Trained tokens"),
        N_(
            "Numbers of the tokens whose rows of the embedding are trained and saved, and no "
            "others."
        ),
        group="peft",
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
            usual = usual_targets(model) if isinstance(model, str) else ()
            return values | {"target_modules": usual} if usual else values
        return values

    @field_validator("model")
    @classmethod
    def know_the_model(cls, value: str) -> str:
        """A model of the catalogue by its key, whichever of its names was written."""
        return known_model(value)

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
        return split_targets(value) if isinstance(value, str) else value

    @field_validator("target_modules")
    @classmethod
    def need_targets_that_go_together(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Each name once and plain; what stands for a whole list of names stands alone."""
        return bounded(going_together(value))

    @field_validator("modules_to_save", "target_parameters", mode="before")
    @classmethod
    def read_module_names(cls, value: object) -> object:
        """Read "a,b" as two names; a text of a list is one name, as it is for PEFT."""
        return read_names(value)

    @field_validator("alpha")
    @classmethod
    def keep_whole_alphas(cls, value: int | float) -> int | float:
        """16.0 is 16, so that one alpha has one spelling."""
        return int(value) if value == int(value) else value

    @field_validator("layers_to_transform", mode="before")
    @classmethod
    def read_layers(cls, value: object) -> object:
        """Read "0,1" as two numbers, and one number alone as PEFT does."""
        return read_numbers(value)

    @field_validator("layers_pattern", mode="before")
    @classmethod
    def read_lists(cls, value: object) -> object:
        """Read "layers,h" as two names of lists."""
        names = read_names(value)
        if not all(map(LIST_NAME.fullmatch, names)):
            raise ValueError("no names of lists")
        return names

    @field_validator("exclude_modules", mode="before")
    @classmethod
    def read_excluded(cls, value: object) -> object:
        """Read names as those of target modules."""
        return read_pattern_names(value)

    @field_validator("rank_pattern", mode="before")
    @classmethod
    def read_ranks(cls, value: object) -> object:
        """Read an object of ranks; the field holds it as JSON."""
        return read_pattern(value, *cls.limits("rank"), whole=True)

    @field_validator("alpha_pattern", mode="before")
    @classmethod
    def read_alphas(cls, value: object) -> object:
        """Read an object of alphas; the field holds it as JSON."""
        return read_pattern(value, *cls.limits("alpha"), whole=False)

    @field_validator("trainable_token_indices", mode="before")
    @classmethod
    def read_tokens(cls, value: object) -> object:
        """Read numbers of tokens; the field holds them as JSON."""
        return read_token_indices(value)

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

    @property
    def lora_choices(self) -> dict[str, Any]:
        """What `peft.LoraConfig` is told of the adapter, but rank and task."""
        return lora_choices(self.model_dump())

    @property
    def initial_weights(self) -> str | bool:
        """How PEFT initialises A and B, as `peft.LoraConfig` takes it."""
        return {"true": True, "false": False}.get(self.init_lora_weights, self.init_lora_weights)

    @property
    def takes_from_base(self) -> bool:
        """Whether A and B begin as a part of W, which is taken out of the base's weights."""
        return self.init_lora_weights in ("pissa", "olora", "loftq")

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
        """
        if model == self.model:
            return self
        targets = usual_targets(model)
        if targets == usual_targets(self.model):
            return self.changed(model=model, **self._usual(OF_ONE_VOCABULARY))
        usual = self._usual(OF_ONE_VOCABULARY + OF_NAMES)
        return self.changed(model=model, target_modules=targets, **usual)

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
