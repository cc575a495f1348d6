"""A model of the hub that is out of reach: which of the catalogue has its layers."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import huggingface_hub
import pytest
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.models import source
from lora_viz.models.catalogue import catalogue
from lora_viz.models.hub_names import catalogue_key
from lora_viz.models.source import resolve, typed_model


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every download end so."""

    def download(*_arguments: Any, **_options: Any) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    monkeypatch.setattr(source, "hub_answers", lambda _hub_id: False)


def gated() -> GatedRepoError:
    return GatedRepoError("Access to this model is restricted", response=MagicMock())


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.key)
def test_every_entry_is_found_by_its_own_hub_id(entry: Any) -> None:
    if entry.hub_id:
        assert catalogue_key(entry.hub_id) == entry.key
        assert catalogue_key(entry.hub_id.lower()) == entry.key
    assert catalogue_key(entry.key) == entry.key


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        ("Llama-3.1-8B", "llama-3.1-8b"),
        ("GPT-2 small", "gpt2"),
        ("llama-3.1-8b-instruct", "llama-3.1-8b"),
        ("meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B"),  # whose weights are others
        ("no-such-model", "no-such-model"),
    ],
)
def test_a_model_of_the_catalogue_may_be_typed_as_it_is_shown(typed: str, model: str) -> None:
    assert typed_model(typed) == model


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.key)
def test_every_entry_may_be_typed_by_its_name(entry: Any) -> None:
    assert typed_model(entry.name) == entry.key


@pytest.mark.parametrize("error", [LocalEntryNotFoundError("no network"), gated()])
@pytest.mark.parametrize("model", ["meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B-Instruct"])
def test_the_catalogue_stands_in_for_a_hub_that_is_out_of_reach(
    model: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, error)
    entry = catalogue()["llama-3.1-8b"]
    found = resolve(model)
    assert (found.name, found.values) == (entry.name, entry.config)


def test_a_gated_model_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, gated())
    with pytest.raises(UserError, match="page and set HF_TOKEN, or upload"):
        resolve("meta-llama/Llama-9-8B")
    fail_with(monkeypatch, LocalEntryNotFoundError("no network"))
    with pytest.raises(UserError, match="cannot be reached for “meta-llama/Llama-9-8B”"):
        resolve("meta-llama/Llama-9-8B")


def test_a_model_with_other_weights_has_the_usual_targets_and_one_with_other_layers_has_not() -> (
    None
):
    assert catalogue_key("unsloth/phi-4") is catalogue_key("unsloth/phi-4-bnb-4bit") is None
    scenario = Scenario().with_model("meta-llama/Llama-3.1-8B-Instruct")
    assert scenario.target_modules == Scenario().with_model("llama-3.1-8b").target_modules
    assert Scenario.make({"model": scenario.model}).target_modules == scenario.target_modules
