"""Batches of a simulated step: real models take them, and models that take none are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import peft
import pytest

from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import StepSettings, step_settings
from lora_viz.memory.torch_step.inputs import make_inputs, prepare_for_batches
from tests.classifiers import FAMILIES, HEADS, Config, classifier
from tests.memory.models import MIXTRAL
from tests.small_models import build

BERT = FAMILIES["Bert"][0]
VIT: Config = {
    "model_type": "vit",
    "architectures": ["ViTForImageClassification"],
    "num_hidden_layers": 2,
    "hidden_size": 48,
    "num_attention_heads": 4,
    "intermediate_size": 80,
    "image_size": 32,
}
LIBRARIES_WORDS = ("Expected", "tensor", "argument", "attribute", "aten", "NoneType", "size", "\n")


def settings(**values: Any) -> StepSettings:
    return step_settings(Scenario.make({"batch_size": 3, "seq_len": 16} | values))


def simulated(
    config: Config, targets: tuple[str, ...], folder: Path, **values: Any
) -> MemoryReport:
    (folder / "config.json").write_text(json.dumps(config))
    chosen = settings(model=str(folder), target_modules=",".join(targets), **values)
    return simulate_step(str(folder), chosen.as_arguments())


@pytest.mark.parametrize("task", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_real_models_take_the_batch_and_the_step_trains_what_peft_does(
    family: str, task: str, tmp_path: Path
) -> None:
    config, targets = classifier(family, task, labels=2)
    if (family, task) == ("T5", "SEQ_CLS"):
        with pytest.raises(UserError, match="depends on which tokens it reads"):
            simulated(config, targets, tmp_path)
        return
    real = build(config)
    prepare_for_batches(real)
    outputs = real(**make_inputs(real, settings()))
    assert outputs["loss"].numel() == 1
    method = {"method": "qlora"} if family in ("DistilBert", "Llama", "Roberta") else {}
    report = simulated(config, targets, tmp_path, **method)
    layout = read_adapter_layout(str(tmp_path), targets)
    assert report.trainable_parameters == layout.trainable_parameters(8)
    assert report.breakdown["modules_to_save"] >= 4 * layout.trainable_by_role(8)["module_to_save"]


def test_the_step_of_experts_with_adapters_trains_what_peft_does(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {
        "target_parameters": ["1.mlp.experts.gate_up_proj", "mlp.experts.down_proj"]
    }
    real = peft.get_peft_model(
        build(MIXTRAL), peft.LoraConfig(r=8, target_modules=["q_proj"], **chosen)
    )
    report = simulated(MIXTRAL, ("q_proj",), tmp_path, **chosen)
    assert report.trainable_parameters == real.get_nb_trainable_parameters()[0]
    with pytest.raises(UserError, match="without dropout"):
        simulated(MIXTRAL, ("q_proj",), tmp_path, **chosen, dropout=0.1)


@pytest.mark.parametrize("problem", [None, "regression", "multi_label_classification"])
@pytest.mark.parametrize("labels", [1, 4])
def test_labels_are_of_the_kind_that_the_problem_asks_for(
    problem: str | None, labels: int, tmp_path: Path
) -> None:
    config, targets = classifier("Roberta", "SEQ_CLS", labels, problem_type=problem)
    real = build(config)
    made = make_inputs(real, settings())["labels"]
    real(input_ids=make_inputs(real, settings())["input_ids"], labels=made)["loss"].backward()
    assert made.is_floating_point() == (problem is not None or labels == 1)
    halves = {"base_dtype": "bfloat16", "training_loop": "trainer"} if labels == 1 else {}
    assert simulated(config, targets, tmp_path, **halves).peak_allocated


@pytest.mark.parametrize(
    "name",
    ["BertForNextSentencePrediction", "BertForPreTraining", "BertForMaskedLM", "BertLMHeadModel"],
)
def test_other_heads_over_tokens_are_simulated(name: str, tmp_path: Path) -> None:
    config = BERT | {"architectures": [name]}
    real = build(config)
    assert real(**make_inputs(real, settings()))["loss"].numel() == 1
    assert simulated(config, ("query",), tmp_path).peak_allocated


@pytest.mark.parametrize(
    ("config", "values", "words"),
    [
        (BERT | {"architectures": ["BertForMultipleChoice"]}, {}, "several texts"),
        (BERT | {"architectures": ["BertModel"]}, {}, "BertModel has no loss"),
        (VIT, {}, "pixel_values and not tokens"),
        (BERT | {"architectures": ["BertForMaskedLM"]}, {"seq_len": 600}, "at most 80 tokens"),
    ],
)
def test_what_cannot_be_simulated_is_one_sentence_of_our_own(
    config: Config,
    values: dict[str, Any],
    words: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(UserError, match=words) as raised:
        simulated(config, ("query",), tmp_path, **values)
    assert not any(word in str(raised.value) for word in LIBRARIES_WORDS)
    assert not capfd.readouterr().err
