"""A model that is not quite what its configuration says: with another vocabulary.

Importing this module loads torch and transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import transformers

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.models.meta import build_meta_model

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
    model = build_meta_model(values)
    if changes.get("vocab_size"):
        with torch.device("meta"):
            resize_vocabulary(model, changes["vocab_size"])
    return model


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
