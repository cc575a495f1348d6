"""Another head and another vocabulary: the models are those that transformers makes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers

from lora_viz.errors import UserError
from lora_viz.models.changed import build_changed
from tests.classifiers import FAMILIES

AUTO_CLASSES = {
    "CAUSAL_LM": transformers.AutoModelForCausalLM,
    "SEQ_2_SEQ_LM": transformers.AutoModelForSeq2SeqLM,
    "SEQ_CLS": transformers.AutoModelForSequenceClassification,
    "TOKEN_CLS": transformers.AutoModelForTokenClassification,
    "QUESTION_ANS": transformers.AutoModelForQuestionAnswering,
    "IMAGE_CLS": transformers.AutoModelForImageClassification,
}
VIT = {"model_type": "vit", "num_hidden_layers": 2, "hidden_size": 48, "num_attention_heads": 4}
MODELS = {name: config for name, (config, _names) in FAMILIES.items()} | {"ViT": VIT}


@pytest.mark.parametrize("task", AUTO_CLASSES)
@pytest.mark.parametrize("family", MODELS)
def test_a_task_gives_the_model_of_its_auto_class(family: str, task: str) -> None:
    values: dict[str, Any] = MODELS[family]
    labels = 2 if task == "QUESTION_ANS" else 5
    changes = {"task_type": task, "num_labels": labels}
    settings = {key: value for key, value in values.items() if key != "model_type"}
    config = transformers.CONFIG_MAPPING[values["model_type"]](
        **settings,
        num_labels=labels,  # type: ignore[call-arg]
    )
    try:
        with torch.device("meta"):
            real = AUTO_CLASSES[task].from_config(config)
    except ValueError:
        with pytest.raises(UserError, match=f"for the task {task}"):
            build_changed(values, changes)
        return
    built = build_changed(values, changes)
    assert type(built) is type(real)
    shapes = {name: weight.shape for name, weight in real.named_parameters()}
    assert {name: weight.shape for name, weight in built.named_parameters()} == shapes


def test_a_model_without_a_vocabulary_cannot_be_resized() -> None:
    with pytest.raises(UserError, match="has no vocabulary"):
        build_changed(VIT | {"architectures": ["ViTForImageClassification"]}, {"vocab_size": 99})
