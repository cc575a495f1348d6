"""A model that is not quite what its configuration says: another head, another vocabulary.

Importing this module loads torch and transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import transformers
from transformers.models.auto import modeling_auto

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.models.meta import build_meta_model

# transformers' classes for each task, by the type of the model, as its Auto classes have them
CLASSES: dict[str, Mapping[Any, Any]] = {
    "CAUSAL_LM": modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    "SEQ_2_SEQ_LM": modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    "SEQ_CLS": modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    "TOKEN_CLS": modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    "QUESTION_ANS": modeling_auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
    "IMAGE_CLS": modeling_auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
}
RESIZED = "vocabulary_was_resized"


def build_changed(
    values: dict[str, Any], changes: Mapping[str, Any]
) -> transformers.PreTrainedModel:
    """Build the model of a configuration on the meta device, and change it.

    Args:
        changes: `Scenario.model_changes`.

    Raises:
        UserError: the model cannot be built, or cannot be changed so.
    """
    model = build_meta_model(_with_head(values, changes))
    if changes.get("vocab_size"):
        with torch.device("meta"):
            resize_vocabulary(model, changes["vocab_size"])
    return model


def _with_head(values: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with the class of a task, and with a number of labels."""
    changed = dict(values)
    task = changes.get("task_type", "auto")
    if task != "auto":
        classes = CLASSES[task]
        if values["model_type"] not in classes:
            raise UserError(
                N_(
                    "transformers %(version)s has no model of type “%(type)s” for the task "
                    "%(task)s."
                ),
                version=transformers.__version__,
                type=values["model_type"][:60],
                task=task,
            )
        named = classes[values["model_type"]]
        changed["architectures"] = [named if isinstance(named, str) else named[0]]
    if labels := changes.get("num_labels"):
        changed.pop("num_labels", None)
        changed["id2label"] = {str(label): f"LABEL_{label}" for label in range(labels)}
        changed["label2id"] = {name: int(label) for label, name in changed["id2label"].items()}
    return changed


def resize_vocabulary(model: Any, tokens: int) -> None:
    """Give a model's embedding and head this many rows, as transformers does for new tokens.

    Rows that are new are random, and not drawn around the mean of the others, for which all of them
    would be needed.

    Raises:
        UserError: the model reads no tokens.
    """
    try:
        before = model.get_input_embeddings().weight.shape[0]
        model.resize_token_embeddings(tokens, mean_resizing=False)
    except (AttributeError, NotImplementedError, TypeError, ValueError):
        raise UserError(
            N_("%s has no vocabulary of one size, so it cannot be given another one."),
            type(model).__name__,
        ) from None
    setattr(model, RESIZED, before != tokens)


def is_resized(model: Any) -> bool:
    """Whether `resize_vocabulary` gave a model another number of rows than it had."""
    return getattr(model, RESIZED, False)
