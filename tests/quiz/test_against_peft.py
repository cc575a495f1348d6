"""The right answers, against what PEFT builds and what it and transformers really write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import peft
import pytest
import torch
from safetensors import safe_open

from lora_viz.choices.scenario import Scenario
from lora_viz.questions import ask_for, kept
from lora_viz.quiz import counts, files, one_layer
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.prediction import Prediction
from tests.small_models import build, random_model

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
# a family whose layers differ in kind, its targets, and whether PEFT trains more than A and B
CASES = (
    ("GPT-2", ("c_attn", "attn.c_proj"), False),
    ("GPT-2", ("c_attn", "c_proj"), True),
    ("Llama", ("q_proj", "v_proj"), False),
    ("OPT", ("fc1", "fc2"), True),
)


def answered(question: Prediction | None) -> float:
    """The right answer of a question that has to be there."""
    assert question is not None
    return question.right_number


def truth(scenario: Scenario, config: dict, rank: int) -> peft.PeftModel:
    """The real adapted model at a rank, its weights random."""
    settings = peft.LoraConfig(
        r=rank,
        lora_alpha=int(scenario.alpha),
        target_modules=scenario.peft_targets,
        use_dora=scenario.dora,
        use_rslora=scenario.rslora,
    )
    return peft.get_peft_model(build(config), settings)  # type: ignore[return-value]


def file_of(model: peft.PeftModel, folder: Path) -> Path:
    """The adapter's file as PEFT saves it."""
    model.save_pretrained(str(folder))
    return folder / "adapter_model.safetensors"


@dataclass(frozen=True)
class Case:
    """A small model's scenario, its facts, and the real adapted models by rank."""

    scenario: Scenario
    config: dict[str, Any]
    facts: KnownFacts
    name: str
    real: dict[int, peft.PeftModel]

    @property
    def rank(self) -> int:
        """The scenario's."""
        return self.scenario.rank

    def layer(self, model: peft.PeftModel) -> Any:
        """The layer that is asked about, as PEFT has it."""
        return model.get_submodule(f"base_model.model.{self.name}")

    def values(self, matrix: str) -> int:
        """How many values all A, or all B, really hold."""
        named = self.real[self.rank].named_parameters()
        return sum(value.numel() for name, value in named if f".lora_{matrix}." in name)


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    family, targets, dora = request.param
    random = Random(f"{family}{targets}")
    small = random_model(random, family)
    rank = random.choice([1, 2, 4, 7])
    scenario = Scenario.make(
        {
            "model": small.write_to(tmp_path_factory.mktemp("model") / "model"),
            "rank": rank,
            "alpha": random.choice([8, 16, 48]),
            "target_modules": targets,
            "dora": dora,
            "rslora": random.random() < 0.5,
        }
    )
    architecture = kept.compute(ask_for.architecture_of(scenario))
    layout = kept.compute(ask_for.adapter_of(scenario))
    saved = kept.compute(ask_for.model_files_of(scenario))
    name = layout.modules[0].name
    facts = KnownFacts(
        scenario,
        architecture=architecture,
        layout=layout,
        layer=architecture.layer(name),
        model_bytes=sum(file.bytes for file in saved),
        optimizer=kept.compute(ask_for.optimizer_of(scenario)),
    )
    ranks = (rank, 2 * rank, 8 * rank, 16 * rank)
    real = {one: truth(scenario, small.config, one) for one in ranks}
    return Case(scenario, small.config, facts, name, real)


def test_counts(case: Case) -> None:
    trained = {rank: model.get_nb_trainable_parameters()[0] for rank, model in case.real.items()}
    rank, a, b = case.rank, case.values("A"), case.values("B")
    assert answered(counts.trained_at_other_rank(case.facts)) == trained[2 * rank]
    assert answered(counts.share_of_model(case.facts)) == trained[8 * rank]
    asked = counts.base_of_all(case.facts)
    assert asked and asked.whole == case.real[8 * rank].get_nb_trainable_parameters()[1]
    assert asked.right == sum(value.numel() for value in build(case.config).parameters())
    assert answered(counts.times_of_rank(case.facts)) == trained[16 * rank] / trained[rank]
    assert answered(counts.part_of_a(case.facts)) == a
    modules: list[Any] = list(case.real[rank].modules())
    adapted = [one for one in modules if isinstance(one, peft.tuners.lora.LoraLayer)]
    base: list[Any] = [one.base_layer for one in adapted]
    weights = sum(layer.weight.numel() for layer in base)
    assert answered(counts.rank_of_whole_adapter(case.facts)) == weights / ((a + b) / rank)


def test_one_layer(case: Case) -> None:
    now, double = (case.layer(case.real[rank]) for rank in (case.rank, 2 * case.rank))
    matrices = [holder["default"].weight for holder in (double.lora_A, double.lora_B)]
    assert answered(one_layer.values_of_layer(case.facts)) == sum(one.numel() for one in matrices)
    a, b = now.lora_A["default"], now.lora_B["default"]
    with torch.no_grad():
        between = a(torch.ones(a.in_features))
        product = torch.randn(b.weight.shape) @ torch.randn(a.weight.shape)
    assert answered(one_layer.values_in_between(case.facts)) == between.numel()
    assert answered(one_layer.highest_rank(case.facts)) == torch.linalg.matrix_rank(product)
    louder = case.scenario.changed(alpha=2 * case.scenario.alpha)
    factor = case.layer(truth(louder, case.config, case.rank)).scaling["default"]
    assert answered(one_layer.doubled_alpha(case.facts)) == factor


def test_files(case: Case, tmp_path: Path) -> None:
    rank, scenario = case.rank, case.scenario
    sizes = {one: file_of(case.real[one], tmp_path / str(one)) for one in (rank, 2 * rank)}
    now, double = (sizes[one].stat().st_size for one in (rank, 2 * rank))
    assert answered(files.file_grows(case.facts)) == double - now
    asked = files.rank_of_file(case.facts)
    assert asked and f"{double:,}" in str(asked.text) and asked.right == 2 * rank
    louder = truth(scenario.changed(alpha=2 * scenario.alpha), case.config, rank)
    file = file_of(louder, tmp_path / "louder")
    assert answered(files.file_with_more_alpha(case.facts)) == file.stat().st_size
    with safe_open(sizes[rank], "pt") as opened:
        assert answered(counts.tensors_in_file(case.facts)) == len(list(opened.keys()))

    build(case.config).save_pretrained(tmp_path / "whole")
    whole = sum(file.stat().st_size for file in (tmp_path / "whole").glob("*.safetensors"))
    tasks = 2 * scenario.tasks
    if (shared := files.more_tasks(case.facts)) is not None:
        assert (shared.right, shared.whole) == (whole + tasks * now, tasks * whole)
    if (many := files.adapters_in_model(case.facts)) is not None:
        assert many.right == whole // now


def test_a_merged_layer_is_as_large_as_before(case: Case) -> None:
    model = truth(case.scenario, case.config, case.rank)
    before = sum(value.numel() for value in case.layer(model).base_layer.parameters())
    merge: Any = model.merge_and_unload  # a method that torch's types hide
    after = sum(value.numel() for value in merge().get_submodule(case.name).parameters())
    assert answered(one_layer.after_merging(case.facts)) == after - before
