"""The right answers, against what PEFT builds and what it and transformers really write."""

from __future__ import annotations

from pathlib import Path
from random import Random

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
        lora_alpha=scenario.alpha,
        target_modules=scenario.peft_targets,
        use_dora=scenario.dora,
        use_rslora=scenario.rslora,
    )
    return peft.get_peft_model(build(config), settings)  # type: ignore[return-value]


def file_of(model: peft.PeftModel, folder: Path) -> Path:
    """The adapter's file as PEFT saves it."""
    model.save_pretrained(str(folder))
    return folder / "adapter_model.safetensors"


@pytest.mark.parametrize(("family", "targets", "dora"), CASES)
def test_answers_are_what_the_libraries_say(
    family: str, targets: tuple[str, ...], dora: bool, tmp_path: Path
) -> None:
    random = Random(f"{family}{targets}")
    small = random_model(random, family)
    rank = random.choice([1, 2, 4, 7])
    scenario = Scenario.make(
        {
            "model": small.write_to(tmp_path / "model"),
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
    module = layout.modules[0]
    facts = KnownFacts(
        scenario,
        architecture=architecture,
        layout=layout,
        layer=architecture.layer(module.name),
        model_bytes=sum(file.bytes for file in saved),
        optimizer=kept.compute(ask_for.optimizer_of(scenario)),
    )
    real = {r: truth(scenario, small.config, r) for r in (rank, 2 * rank, 8 * rank)}
    layer = real[rank].get_submodule(f"base_model.model.{module.name}")
    matrices = {name: value for name, value in real[rank].named_parameters() if value.requires_grad}
    a = sum(value.numel() for name, value in matrices.items() if ".lora_A." in name)
    b = sum(value.numel() for name, value in matrices.items() if ".lora_B." in name)

    trained = real[2 * rank].get_nb_trainable_parameters()[0]
    assert answered(counts.trained_at_other_rank(facts)) == trained
    assert answered(counts.share_of_model(facts)) == real[8 * rank].get_nb_trainable_parameters()[0]
    assert answered(counts.part_of_a(facts)) == a
    times = truth(scenario, small.config, 16 * rank).get_nb_trainable_parameters()[0] / sum(
        value.numel() for value in matrices.values()
    )
    assert answered(counts.times_of_rank(facts)) == times
    weights = sum(
        one.base_layer.weight.numel()
        for one in real[rank].modules()
        if isinstance(one, peft.tuners.lora.LoraLayer)
    )
    assert answered(counts.rank_of_whole_adapter(facts)) == weights / ((a + b) / rank)

    double = {".".join(n.split(".")[:-2]): v for n, v in real[2 * rank].named_parameters()}
    prefix = f"base_model.model.{module.name}.lora_"
    assert answered(one_layer.values_of_layer(facts)) == sum(
        double[prefix + matrix].numel() for matrix in "AB"
    )
    with torch.no_grad():
        made_by_a = layer.lora_A["default"](torch.ones(module.in_features))
        product = torch.randn(module.out_features, rank) @ torch.randn(rank, module.in_features)
    assert answered(one_layer.values_in_between(facts)) == made_by_a.numel()
    assert answered(one_layer.highest_rank(facts)) == torch.linalg.matrix_rank(product)
    louder = truth(scenario.changed(alpha=2 * scenario.alpha), small.config, rank)
    louder_layer = louder.get_submodule(f"base_model.model.{module.name}")
    assert answered(one_layer.doubled_alpha(facts)) == louder_layer.scaling["default"]

    sizes = {r: file_of(model, tmp_path / str(r)) for r, model in real.items()}
    now, double_file = (sizes[r].stat().st_size for r in (rank, 2 * rank))
    assert answered(files.file_grows(facts)) == double_file - now
    louder_file = file_of(louder, tmp_path / "louder")
    assert answered(files.file_with_more_alpha(facts)) == louder_file.stat().st_size
    with safe_open(sizes[rank], "pt") as opened:
        assert answered(counts.tensors_in_file(facts)) == len(list(opened.keys()))

    build(small.config).save_pretrained(tmp_path / "whole")
    whole = sum(file.stat().st_size for file in (tmp_path / "whole").glob("*.safetensors"))
    tasks = 2 * scenario.tasks
    if (shared := files.more_tasks(facts)) is not None:
        assert (shared.right, shared.whole) == (whole + tasks * now, tasks * whole)
    if (many := files.adapters_in_model(facts)) is not None:
        assert many.right == whole // now

    before = sum(value.numel() for value in layer.base_layer.parameters())
    merged = real[rank].merge_and_unload().get_submodule(module.name)
    after = sum(value.numel() for value in merged.parameters())
    assert answered(one_layer.after_merging(facts)) == after - before
