"""A layer added to the targets or taken from them, checked by what PEFT then adapts."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from peft.utils.transformers_weight_conversion import (
    _MODEL_TO_CONVERSION_PATTERN,  # type: ignore[reportPrivateImportUsage]
    _MOE_TARGET_MODULE_MAPPING,
)
from transformers import CONFIG_MAPPING

from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.adapter.target_choice import adapted_kinds, toggle
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.models.ask import read_architecture
from lora_viz.models.catalogue import default_targets
from lora_viz.models.layer_kinds import NAMES_OF_FUSED_LAYERS, LayerKinds, layer_kind
from lora_viz.questions.ask_for import architecture_of
from lora_viz.questions.kept import compute
from tests.small_models import FAMILIES, random_model


def toggled(model: str, kind: str, targets: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """The targets after one press, from the model's usual ones or others."""
    scenario = Scenario(model=model, target_modules=targets or default_targets(model))
    architecture = compute(architecture_of(model))
    layout = read_adapter_layout(model, scenario.target_modules)
    return toggle(scenario, architecture, layout, kind).targets


@pytest.mark.parametrize(
    ("model", "kind", "expected"),
    [
        ("gpt2", "mlp.c_proj", ("c_attn", "attn.c_proj", "mlp.c_proj")),
        ("gpt2", "attn.c_attn", ("attn.c_proj",)),
        ("gpt2", "lm_head", ("c_attn", "attn.c_proj", "lm_head")),
        ("tinyllama-1.1b", "self_attn.k_proj", ("q_proj", "v_proj", "k_proj")),
        ("t5-base", "layer.*.DenseReluDense.wi", ("q", "v", "wi")),
        ("t5-base", "layer.*.SelfAttention.q", ("v", "EncDecAttention.q")),
        ("bert-base", "intermediate.dense", ("query", "value", "intermediate.dense")),
        (
            "bert-base",
            "output.dense",
            (r".*\.\d+\.(attention\.self\.query|attention\.self\.value|output\.dense)",),
        ),
    ],
)
def test_one_press(model: str, kind: str, expected: tuple[str, ...]) -> None:
    assert toggled(model, kind) == expected


@pytest.mark.parametrize(
    ("targets", "kind", "expected"),
    [
        (("c_attn", "c_proj"), "attn.c_proj", ("c_attn", "mlp.c_proj")),
        (("all-linear",), "mlp.c_fc", ("c_attn", "attn.c_proj", "mlp.c_proj")),
        ((r".*\.c_proj",), "mlp.c_proj", ("attn.c_proj",)),
        ((r".*\.c_proj",), "attn.c_attn", ("attn.c_proj", "mlp.c_proj", "c_attn")),
    ],
)
def test_what_else_a_short_name_or_a_pattern_matched_stays(
    targets: tuple[str, ...], kind: str, expected: tuple[str, ...]
) -> None:
    assert toggled("gpt2", kind, targets) == expected


@pytest.mark.parametrize("family", FAMILIES)
def test_peft_adapts_what_was_pressed_and_nothing_else(family: str, tmp_path: Path) -> None:
    random = Random(family)
    small = random_model(random, family)
    model = small.write_to(tmp_path / family)
    architecture = read_architecture(model)
    scenario = Scenario(model=model, target_modules=small.targets[0])
    kinds = LayerKinds(architecture)
    selectable = [kind for kind in kinds.layers if kinds.can_be_named(kind)]
    for kind in random.sample(selectable, min(6, len(selectable))):
        layout = read_adapter_layout(model, scenario.target_modules)
        before = set(adapted_kinds(architecture, layout))
        if before == {kind}:
            continue
        choice = toggle(scenario, architecture, layout, kind)
        scenario = scenario.changed(target_modules=choice.targets)
        after = adapted_kinds(architecture, read_adapter_layout(model, choice.targets))
        assert set(after) == before ^ {kind}, (kind, choice)
        assert all(after[one] == len(kinds.layers[one]) for one in after), choice


def test_fused_experts_and_routers_have_the_names_that_peft_knows() -> None:
    of_peft = {
        model_type: set(_MOE_TARGET_MODULE_MAPPING[pattern])
        for model_type, pattern in _MODEL_TO_CONVERSION_PATTERN.items()
        if pattern in _MOE_TARGET_MODULE_MAPPING and model_type in CONFIG_MAPPING
    }
    assert of_peft == {
        model_type: {name for names in kinds.values() for name in names}
        for model_type, kinds in NAMES_OF_FUSED_LAYERS.items()
    }


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ("mixtral-8x7b", ("w1", "w2", "w3")),
        ("qwen3-30b-a3b", ("gate_proj", "up_proj", "down_proj")),
        ("deepseek-v2-lite", ("gate_proj", "up_proj", "down_proj")),
    ],
)
def test_fused_experts_are_added_and_taken_out_as_peft_adapts_them(
    model: str, names: tuple[str, ...]
) -> None:
    usual, architecture = default_targets(model), compute(architecture_of(model))
    attention = set(adapted_kinds(architecture, read_adapter_layout(model, usual)))
    targets = toggled(model, "mlp.experts")
    assert targets == (*usual, *names)
    layout = read_adapter_layout(model, targets)
    assert set(adapted_kinds(architecture, layout)) == attention | {"mlp.experts"}
    targets = toggled(model, f"self_attn.{usual[0]}", ("all-linear",))
    layout = read_adapter_layout(model, targets)
    every = set(adapted_kinds(architecture, read_adapter_layout(model, ("all-linear",))))
    assert set(adapted_kinds(architecture, layout)) == every - {f"self_attn.{usual[0]}"}


def test_what_peft_takes_for_fused_experts_cannot_be_named_alone() -> None:
    """DeepSeek's shared expert is a layer of that name, which PEFT leaves out."""
    with pytest.raises(UserError, match="cannot adapt"):
        toggled("deepseek-v2-lite", "mlp.shared_experts.gate_proj")


def test_the_last_target_stays() -> None:
    with pytest.raises(UserError, match="is needed, so “attn"):
        toggled("gpt2", "attn.c_attn", ("c_attn",))


@pytest.mark.parametrize("kind", ["ln_1", "no.such.layer"])
def test_what_peft_cannot_adapt_is_refused(kind: str) -> None:
    with pytest.raises(UserError, match="cannot adapt"):
        toggled("gpt2", kind)


def test_a_pattern_of_some_blocks_says_that_names_match_all() -> None:
    targets = (r".*h\.[0-5]\.attn\.c_attn",)
    scenario = Scenario(target_modules=targets)
    layout = read_adapter_layout("gpt2", targets)
    choice = toggle(scenario, compute(architecture_of("gpt2")), layout, "mlp.c_fc")
    assert choice.targets == ("c_attn", "c_fc")
    assert choice.widened == ("attn.c_attn",)


def test_numbers_in_names_do_not_make_kinds() -> None:
    assert layer_kind("encoder.block.0.layer.1.DenseReluDense.wi") == "layer.*.DenseReluDense.wi"
    assert layer_kind("model.layers.11.mlp.experts.7.w1") == "mlp.experts.*.w1"
    assert layer_kind("transformer.h.3.mlp.dense_4h_to_h") == "mlp.dense_4h_to_h"
