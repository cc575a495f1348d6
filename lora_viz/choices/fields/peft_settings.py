"""PEFT's further settings, under PEFT's own names."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import field_validator

from lora_viz.choices.declaration import Declared, InLinks, choice
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
from lora_viz.i18n import N_


class PeftSettings(Declared):
    """What `LoraConfig` takes beside rank, alpha and targets; what is changed of the model."""

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

    @field_validator("modules_to_save", "target_parameters", mode="before")
    @classmethod
    def read_module_names(cls, value: object) -> object:
        """Read "a,b" as two names; a text of a list is one name, as it is for PEFT."""
        return read_names(value)

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
    def initial_weights(self) -> str | bool:
        """How PEFT initialises A and B, as `peft.LoraConfig` takes it."""
        return {"true": True, "false": False}.get(self.init_lora_weights, self.init_lora_weights)

    @property
    def takes_from_base(self) -> bool:
        """Whether A and B begin as a part of W, which is taken out of the base's weights."""
        return self.init_lora_weights in ("pissa", "olora", "loftq")
