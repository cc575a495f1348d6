"""PEFT's task of a model's class, by which PEFT trains the model's head in full.

Importing this module loads torch and transformers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from lora_viz.models.changed import CLASSES

# PEFT's task types that train the model's head in full
WITH_HEAD = ("SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS")
# what PEFT calls heads (`PeftModelForSequenceClassification` and its siblings)
HEADS = ("classifier", "score", "qa_outputs")


def task_of(model: nn.Module) -> str | None:
    """PEFT's task type of a model whose head PEFT trains in full; None for all other models."""
    name = type(model).__name__
    return next((task for task in WITH_HEAD if name in class_names(CLASSES[task])), None)


def class_names(classes: Mapping[Any, Any]) -> Iterator[str]:
    """The names of the classes in one of transformers' mappings."""
    for value in classes.values():
        yield from (value,) if isinstance(value, str) else value
