"""Names of catalogue models as people write them, and half names as the sidebar takes them."""

from __future__ import annotations

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.models.catalogue import catalogue, default_targets
from lora_viz.models.known_names import known_model, nearest_model
from lora_viz.ui.session.view import View


@pytest.mark.parametrize("key", catalogue())
def test_every_entry_is_known_by_its_key_its_name_and_its_hub_id(key: str) -> None:
    entry = catalogue()[key]
    for name in (key, entry.name, entry.hub_id or key):
        for written in (name, name.upper(), f" {name.lower()} "):
            assert known_model(written) == key, written
            assert nearest_model(written) is None


def test_no_name_is_that_of_two_models() -> None:
    names = [
        name.lower()
        for key, entry in catalogue().items()
        for name in {key, entry.name.lower(), entry.hub_id.lower() or key}
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "name", ["Llama-3.1-8B", "llama-3.1-8B", "meta-llama/Llama-3.1-8B", "META-LLAMA/llama-3.1-8b"]
)
def test_a_link_takes_a_name_as_the_page_and_the_hub_write_it(name: str) -> None:
    scenario, complaints = Scenario.from_query({"model": name})
    assert not complaints
    assert scenario.model == "llama-3.1-8b"
    assert scenario.target_modules == default_targets("llama-3.1-8b") == ("q_proj", "v_proj")
    assert scenario.to_query() == {"model": "llama-3.1-8b"}
    assert Scenario().with_model(name) == Scenario.make({"model": name}) == scenario


def test_the_planner_s_models_are_known_too() -> None:
    view, complaints = View.from_query({"planned-models": "GPT-2 XL,Qwen/Qwen3-8B,gpt2-xl"})
    assert not complaints and view.planned_models == ("gpt2-xl", "qwen3-8b")


def test_a_model_with_other_weights_keeps_its_name() -> None:
    assert known_model("meta-llama/Llama-3.1-8B-Instruct") == "meta-llama/Llama-3.1-8B-Instruct"


@pytest.mark.parametrize(
    ("typed", "key", "others"),
    [
        ("mistral", "mistral-7b", 1),
        ("qwen3", "qwen3-4b", 6),
        ("llama 3.1 8b", "llama-3.1-8b", 0),
        ("Llama", "llama-2-7b", 8),  # not TinyLlama, which only holds it
        ("qwen 3 8b", "qwen3-8b", 0),
        ("lama-3.1-8b", "llama-3.1-8b", 0),
        ("whisper", "whisper-large-v2", 0),
    ],
)
def test_half_a_name_means_the_first_that_the_list_shows(typed: str, key: str, others: int) -> None:
    near = nearest_model(typed)
    assert near and (near.key, len(near.others)) == (key, others)


@pytest.mark.parametrize(
    "typed",
    ["no-such-model", "", "x", "?", "custom:2x64x2x300x64", "upload:0", "/models/qwen3", "a/qwen3"],
)
def test_what_is_no_half_name_is_left_alone(typed: str) -> None:
    assert nearest_model(typed) is None
