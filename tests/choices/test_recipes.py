"""What people train with: a model's own format, Trainer's loop, and recipes for all at once."""

from __future__ import annotations

import pytest
import transformers

from lora_viz.choices.recipes import RECIPES
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.settings import step_settings
from lora_viz.models.catalogue import catalogue

SMALL = {"model": "custom:2x64x2x512x128", "seq_len": 16, "batch_size": 1}


def test_the_default_scenario_is_the_explainers() -> None:
    scenario = Scenario()
    assert (scenario.model, scenario.base_dtype, scenario.training_loop) == (
        "gpt2", "float32", "plain",
    )  # fmt: skip
    assert Scenario(model="openai-community/gpt2") == scenario


@pytest.mark.parametrize("key", [key for key in catalogue() if key not in ("gpt2", "tiny-gpt2")])
def test_another_model_is_in_the_format_in_which_transformers_reads_its_configuration(
    key: str,
) -> None:
    values = catalogue()[key].config
    kind = values["model_type"]
    others = {name: value for name, value in values.items() if name != "model_type"}
    config = transformers.AutoConfig.for_model(kind, **others)
    read = config.dtype or getattr(config.get_text_config(), "dtype", None)
    scenario = Scenario(model=key)
    assert scenario.base_dtype == str(read or "float32").removeprefix("torch.")
    assert scenario.training_loop == "trainer"


def test_what_somebody_set_stays_with_another_model_and_what_was_usual_does_not() -> None:
    llama = Scenario().with_model("llama-3.1-8b")
    assert (llama.base_dtype, llama.training_loop) == ("bfloat16", "trainer")
    assert llama.with_model("gpt2") == Scenario()
    chosen = Scenario(base_dtype="float16").with_model("llama-3.1-8b")
    assert (chosen.base_dtype, chosen.training_loop) == ("float16", "trainer")


def test_links_are_shortened_against_the_models_own_settings() -> None:
    llama = Scenario(model="llama-3.1-8b")
    assert llama.to_query(llama.defaults()) == {"model": "llama-3.1-8b"}
    plain = llama.changed(training_loop="plain", base_dtype="float32")
    query = plain.to_query(plain.defaults())
    assert Scenario.from_query(query)[0] == plain


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_sets_all_that_it_has_and_what_is_given_goes_before(name: str) -> None:
    scenario = Scenario.make({"model": "llama-3.1-8b", "recipe": name})
    assert scenario.recipe == name
    assert Scenario.make({"model": "llama-3.1-8b", "recipe": name, "rank": 3}).rank == 3
    step = Scenario.make(SMALL | {"recipe": name})
    assert simulate_step(step.model, step_settings(step).as_arguments()).peak_allocated


def test_a_recipe_that_there_is_not_is_named() -> None:
    with pytest.raises(UserError, match="trainer-bf16, qlora-paper, full-precision"):
        Scenario.make({"recipe": "quick"})


@pytest.mark.parametrize(
    ("settings", "autocast"),
    [
        ({}, "none"),
        ({"training_loop": "trainer"}, "none"),
        ({"training_loop": "trainer", "base_dtype": "bfloat16"}, "bf16"),
        ({"training_loop": "trainer", "base_dtype": "float16"}, "fp16"),
        # what PyTorch's scaler of gradients refuses to train
        ({"training_loop": "trainer", "base_dtype": "float16", "method": "full"}, "none"),
        ({"mixed_precision": "bf16"}, "bf16"),
        ({"training_loop": "trainer", "base_dtype": "bfloat16", "mixed_precision": "none"}, "none"),
    ],
)
def test_mixed_precision_is_what_is_chosen_or_that_of_trainers_half_weights(
    settings: dict[str, str], autocast: str
) -> None:
    assert Scenario(**settings).autocast == autocast  # type: ignore[arg-type]


def test_weights_in_float16_are_not_trained_under_fp16() -> None:
    wanted = SMALL | {"method": "full", "base_dtype": "float16", "mixed_precision": "fp16"}
    scenario = Scenario.make(wanted)
    with pytest.raises(UserError, match="no weights that are in float16"):
        simulate_step(scenario.model, step_settings(scenario).as_arguments())
