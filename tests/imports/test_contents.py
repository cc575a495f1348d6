"""What an adapter may hold, searched for from a number that PEFT itself counted or wrote."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import peft
import pytest
import torch

from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.imports.contents import Match, adapters_with_bytes, adapters_with_parameters
from lora_viz.models.ask import read_architecture
from tests.small_models import build, random_model

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

FAMILY_TARGETS = {
    "Llama": (("q_proj", "v_proj"), ("q_proj", "k_proj", "v_proj", "o_proj"), "all-linear"),
    "GPT-2": (("c_attn",), ("attn.c_proj",), "all-linear"),
    "Qwen2": (("q_proj", "k_proj"), ("gate_proj",), "all-linear"),
}
SAVED = ((), ("embed",), ("lm_head",), ("embed", "lm_head"))
EMBEDDING = {"GPT-2": "wte"}


def layout_of(scenario: Scenario) -> AdapterLayout:
    return read_adapter_layout(
        scenario.model, scenario.target_modules, scenario.bias, scenario.dora
    )


def searched(model: str, **number: int) -> list[Match]:
    """The matches for `parameters` or `size`."""
    architecture = read_architecture(model)
    if "parameters" in number:
        return adapters_with_parameters(model, architecture, layout_of, number["parameters"])
    return adapters_with_bytes(model, architecture, layout_of, number["size"])


def is_it(match: Match, targets: Any, rank: int, saved: tuple[str, ...]) -> bool:
    """Whether a match is the adapter that was made; names are compared by their ends."""
    names = ("all-linear",) if targets == "all-linear" else targets
    ends = {name.rpartition(".")[2] for name in match.targets}
    return (
        ends == {name.rpartition(".")[2] for name in names}
        and match.rank == rank
        and tuple(name.rpartition(".")[2] for name in match.saved) == saved
    )


@pytest.mark.parametrize("number", range(18))
def test_the_adapter_that_peft_made_is_among_the_matches(number: int, tmp_path: Path) -> None:
    random = Random(number)
    family = list(FAMILY_TARGETS)[number % 3]
    small = random_model(random, family)
    targets = FAMILY_TARGETS[family][number // 3 % 3]
    rank, dora = random.choice([1, 2, 5, 8, 32]), random.random() < 0.4
    saved = tuple(
        EMBEDDING.get(family, "embed_tokens") if name == "embed" else name
        for name in random.choice(SAVED)
    )
    dtype = random.choice(["float32", "bfloat16"])
    config = peft.LoraConfig(
        r=rank,
        target_modules=targets if isinstance(targets, str) else list(targets),
        modules_to_save=list(saved) or None,
        use_dora=dora,
        task_type="CAUSAL_LM",
    )
    model = peft.get_peft_model(build(small.config), config).to(getattr(torch, dtype))
    trainable, everything = model.get_nb_trainable_parameters()
    model.save_pretrained(str(tmp_path / "adapter"), save_embedding_layers=False)
    size = (tmp_path / "adapter/adapter_model.safetensors").stat().st_size

    name = small.write_to(tmp_path / "model")
    counted = [
        match
        for match in searched(name, parameters=trainable)
        if is_it(match, targets, rank, saved) and match.dora == dora
    ]
    assert [match.everything for match in counted] == [everything]
    by_bytes = [
        match
        for match in searched(name, size=size)
        if is_it(match, targets, rank, saved) and match.dora == dora
    ]
    formats = {(match.adapter_dtype, match.saved_dtype) for match in by_bytes}
    assert (dtype, dtype if saved else None) in formats


# Lines that people printed and asked about in public threads, and a public adapter's file
@pytest.mark.parametrize(
    ("model", "number", "targets", "rank", "saved"),
    [
        ("qwen2.5-7b", {"parameters": 20_185_088}, ("all-linear",), 8, ()),
        (
            "gemma-2-2b",
            {"parameters": 1_200_414_720},
            ("all-linear",),
            16,
            ("model.embed_tokens", "lm_head"),
        ),
        ("mistral-7b", {"size": 18_899_856}, ("q_proj", "k_proj", "v_proj"), 8, ()),
    ],
)
def test_numbers_that_people_asked_about_are_explained(
    model: str, number: dict[str, int], targets: Any, rank: int, saved: tuple[str, ...]
) -> None:
    matches = searched(model, **number)
    assert (targets, rank, saved) in [(one.targets, one.rank, one.saved) for one in matches]
    assert all(one.dora is False for one in matches[:3])


def test_what_no_usual_adapter_has_is_not_found() -> None:
    assert searched("custom:2x64x2x300x64", parameters=7) == []
    assert searched("custom:2x64x2x300x64", parameters=0) == []
    assert searched("custom:2x64x2x300x64", size=3) == []
    assert searched("custom:2x64x2x300x64", size=10**15) == []


def test_a_match_is_a_change_of_the_scenario() -> None:
    for match in searched("custom:2x64x2x300x64", parameters=2 * 8 * (64 + 192)):
        assert Scenario.make(json.loads(json.dumps(match.changes))).rank == match.rank
