"""Models with a head that PEFT trains in full: counts and files, against PEFT's own."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from random import Random
from typing import Any

import peft
import pytest
import torch

from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.checkpoint.ask import read_optimizer_layout
from lora_viz.checkpoint.sizes import adapter_bytes, optimizer_bytes
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import Message
from lora_viz.training.availability import why_not_trainable
from tests.checkpoint.test_sizes import EightTokens, train_one_step
from tests.classifiers import FAMILIES, HEADS, ROBERTA_BASE, ROBERTA_LARGE_TOKENS, classifier
from tests.small_models import build

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def written(config: dict[str, Any], folder: Path) -> str:
    (folder / "config.json").write_text(json.dumps(config))
    return str(folder)


@pytest.mark.parametrize(
    ("config", "targets", "rank", "bias", "trainable", "everything"),
    [
        (ROBERTA_BASE, ("all-linear",), 8, "none", 1_919_234, 126_566_404),
        (ROBERTA_LARGE_TOKENS, ("query", "value"), 16, "all", 1_855_499, 355_905_558),
    ],
)
def test_published_models_give_pefts_line(
    config: dict[str, Any],
    targets: tuple[str, ...],
    rank: int,
    bias: str,
    trainable: int,
    everything: int,
    tmp_path: Path,
) -> None:
    layout = read_adapter_layout(written(config, tmp_path), targets, bias)
    assert layout.trainable_parameters(rank) == trainable
    assert layout.total_parameters + layout.added_parameters(rank) == everything


@pytest.mark.parametrize("task", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_counts_and_file_are_pefts(family: str, task: str, tmp_path: Path) -> None:
    random = Random(family + task)
    config, names = classifier(
        family, task, labels=2 if task == "QUESTION_ANS" else random.randint(1, 5)
    )
    for number, targets in enumerate([names, ("all-linear",)]):
        bias, dora = random.choice(["none", "all", "lora_only"]), random.random() < 0.4
        model = written(config, tmp_path)
        if not can_be_adapted(config, task, targets):
            with pytest.raises(UserError, match="“all-linear” includes the head") as raised:
                read_adapter_layout(model, targets, bias, dora)
            assert "\n" not in str(raised.value) and "modules_to_save" not in str(raised.value)
            continue
        layout = read_adapter_layout(model, targets, bias, dora)
        head = layout.trainable_by_role(1).get("module_to_save")
        assert (head is None) == any(one.kind == "frozen_head" for one in layout.warnings)
        for rank in (1, 8, random.randint(1, 64)):
            adapted = really_adapt(config, task, targets, rank, bias, dora)
            trainable, everything = adapted.get_nb_trainable_parameters()
            case = (config, targets, rank, bias, dora)
            assert layout.trainable_parameters(rank) == trainable, case
            assert layout.total_parameters + layout.added_parameters(rank) == everything, case
            assert layout.trainable_by_role(rank).get("module_to_save") == head
        base_dtype = random.choice(["float32", "bfloat16"])
        adapted = really_adapt(config, task, targets, 8, bias, dora, base_dtype)
        folder = tmp_path / str(number)
        adapted.save_pretrained(str(folder))
        saved = (folder / "adapter_model.safetensors").stat().st_size
        assert adapter_bytes(layout, 8, "float32", base_dtype) == saved


def can_be_adapted(config: dict[str, Any], task: str, targets: tuple[str, ...]) -> bool:
    """Whether PEFT does: with all-linear it adapts most heads, and cannot train those in full."""
    try:
        really_adapt(config, task, targets, 1, "none", False)
    except TypeError:
        return False
    return True


def really_adapt(
    config: dict[str, Any],
    task: str,
    targets: tuple[str, ...],
    rank: int,
    bias: str,
    dora: bool,
    dtype: str = "float32",
) -> peft.PeftModel:
    """The small model with weights, adapted by PEFT for its task."""
    settings = peft.LoraConfig(
        task_type=task,
        r=rank,
        target_modules=Scenario(target_modules=targets).peft_targets,
        bias=bias,  # type: ignore[arg-type]
        use_dora=dora,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peft.get_peft_model(build(config).to(getattr(torch, dtype)), settings)  # type: ignore[arg-type,return-value]


def test_a_checkpoint_is_as_large_as_the_one_trainer_saves(tmp_path: Path) -> None:
    config, targets = classifier("Roberta", "SEQ_CLS")
    dtypes = ("float32", "float32")
    adapted = really_adapt(config, "SEQ_CLS", targets, 20, "none", False)
    checkpoint = train_one_step(adapted, "adamw", tmp_path, OneLabel())
    model = written(config, tmp_path)
    state = read_optimizer_layout(model, targets, "none", False, "adamw", *dtypes)
    assert optimizer_bytes(state, 20, *dtypes) == (checkpoint / "optimizer.pt").stat().st_size
    adapter = read_adapter_layout(model, targets)
    saved = (checkpoint / "adapter_model.safetensors").stat().st_size
    assert adapter_bytes(adapter, 20, *dtypes) == saved


class OneLabel(EightTokens):
    """The same eight tokens, twice, with one label for all of them."""

    def __getitem__(self, _index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": torch.arange(8), "labels": torch.tensor(1)}


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (("classifier",), "“classifier” includes the head"),
        (("c_attn",), "No layer matches the target modules “c_attn”"),
    ],
)
def test_a_head_that_is_named_as_target_is_explained(
    targets: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    model = written(classifier("Bert", "SEQ_CLS")[0], tmp_path)
    with pytest.raises(UserError, match=words):
        read_adapter_layout(model, targets)


def test_a_job_is_refused_before_it_loads_a_classifier_as_a_language_model(tmp_path: Path) -> None:
    model = written(classifier("Bert", "SEQ_CLS")[0], tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"")

    def why() -> Message | None:
        return why_not_trainable(Scenario(model=model), hub_answers=lambda: False, has_gpu=False)

    assert "this one is a BertForSequenceClassification" in str(why())
    written(FAMILIES["GPT2"][0] | {"architectures": ["GPT2LMHeadModel"]}, tmp_path)
    assert why() is None
