"""The batch of a simulated step: token ids, and labels of the shape that the model's head asks for.

Importing this module loads torch and transformers.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from transformers.models.auto import modeling_auto

from lora_viz.adapter.tasks_from_peft import class_names, task_of
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.memory.settings import StepSettings

MULTIPLE_CHOICE = modeling_auto.MODEL_FOR_MULTIPLE_CHOICE_MAPPING_NAMES
CAUSAL = modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
NEXT_SENTENCE = modeling_auto.MODEL_FOR_NEXT_SENTENCE_PREDICTION_MAPPING_NAMES
# what classes for pre-training ask for beside the labels of every token
LABELS_OF_PAIRS = ("next_sentence_label", "sentence_order_label")

Inputs = dict[str, torch.Tensor]


def check_inputs(model: Any) -> None:
    """Refuse a model whose step cannot be run with a batch of tokens and labels.

    Raises:
        UserError: it does not read tokens, has no loss, or reads several texts an example.
    """
    name = type(model).__name__
    if model.main_input_name != "input_ids":
        raise UserError(
            N_(
                "The training step of %(class)s is not simulated, because it reads %(input)s "
                "and not tokens; choose a model for text."
            ),
            **{"class": name, "input": model.main_input_name},
        )
    if name in class_names(MULTIPLE_CHOICE):
        raise UserError(
            N_(
                "The training step of %s is not simulated, because each of its examples is "
                "several texts; name a class for sequence classification under “architectures”."
            ),
            name,
        )
    if not {"labels", "start_positions"} & set(_arguments(model)):
        raise UserError(
            N_(
                "%s has no loss to train with; name a class with a head, such as one for causal "
                "language modelling or sequence classification, under “architectures”."
            ),
            name,
        )


def predicts_next_token(model: Any) -> bool:
    """Whether it is one of transformers' classes for causal language modelling."""
    return type(model).__name__ in class_names(CAUSAL)


def check_packing(model: Any, settings: StepSettings) -> None:
    """Refuse packed sequences where a model cannot tell them apart.

    Raises:
        UserError: it predicts no next token, or takes no positions.
    """
    if not settings.is_packed:
        return
    if not predicts_next_token(model) or "position_ids" not in _arguments(model):
        raise UserError(
            N_(
                "%s cannot be trained on packed sequences: that needs a model that predicts the "
                "next token and takes the position of each; turn packing off."
            ),
            type(model).__name__,
        )


def prepare_for_batches(model: Any) -> None:
    """Fill in what a configuration may leave open and a batch of several sequences needs.

    Whoever trains a classifier names a padding token, without which a decoder reads one sequence
    at a time; which one makes no difference to the memory. One label a sequence is what labels of
    whole numbers mean: told so, DeBERTa does not look at their values to find out.
    """
    config, text = model.config, model.config.get_text_config()
    if config.is_encoder_decoder and getattr(config, "decoder_start_token_id", None) is None:
        config.decoder_start_token_id = 0
    if task_of(model) == "SEQ_CLS":
        if text.pad_token_id is None:
            config.pad_token_id = text.pad_token_id = 0
        if config.problem_type is None and config.num_labels > 1:
            config.problem_type = "single_label_classification"


def make_inputs(model: Any, settings: StepSettings) -> Inputs:
    """A batch as data collators make it: ids, mask and labels of eight bytes each.

    Packed sequences have the position of each token in its own sequence, and no mask: TRL's
    `DataCollatorForLanguageModeling(padding_free=True)`, axolotl's multipack, torchtune's
    `PackedDataset`.
    """
    if settings.is_packed:
        return {
            name: torch.ones(settings.rows, dtype=torch.int64)
            for name in ("input_ids", "position_ids", "labels")
        }
    size = settings.rows
    inputs = {name: torch.ones(size, dtype=torch.int64) for name in ("input_ids", "attention_mask")}
    return inputs | _labels(model, settings, _arguments(model))


def _labels(model: Any, settings: StepSettings, arguments: Mapping[str, Any]) -> Inputs:
    batch = (settings.batch_size,)
    if task_of(model) == "QUESTION_ANS":
        return {
            name: torch.ones(batch, dtype=torch.int64)
            for name in ("start_positions", "end_positions")
        }
    if task_of(model) == "SEQ_CLS":
        return {"labels": _labels_of_sequences(model.config, settings)}
    if type(model).__name__ in class_names(NEXT_SENTENCE):
        return {"labels": torch.ones(batch, dtype=torch.int64)}
    of_pairs = {
        name: torch.ones(batch, dtype=torch.int64) for name in LABELS_OF_PAIRS if name in arguments
    }
    labels = torch.ones((settings.batch_size, settings.seq_len), dtype=torch.int64)
    return of_pairs | {"labels": labels}


def _labels_of_sequences(config: Any, settings: StepSettings) -> torch.Tensor:
    """One label a sequence; one number for each label where they are numbers or may be several.

    Numbers are float32 under autocast, and have the dtype of the logits without it, which fails
    otherwise.
    """
    problem = config.problem_type or ("regression" if config.num_labels == 1 else None)
    if problem not in ("regression", "multi_label_classification"):
        return torch.ones(settings.batch_size, dtype=torch.int64)
    has_no_autocast = settings.mixed_precision == "none"
    dtype = getattr(torch, settings.base_dtype) if has_no_autocast else torch.float32
    if problem == "regression" and config.num_labels == 1:
        return torch.ones(settings.batch_size, dtype=dtype)
    return torch.ones((settings.batch_size, config.num_labels), dtype=dtype)


def _arguments(model: Any) -> Mapping[str, Any]:
    return inspect.signature(type(model).forward).parameters
