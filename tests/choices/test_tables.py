"""What varies stands in one table: the choices, and all that is derived, agree with it."""

from __future__ import annotations

from pydoc import locate
from typing import get_args

import pytest
import torch
from transformers.training_args import OptimizerNames

from lora_viz.checkpoint.by_torch import optimizer_layout
from lora_viz.choices import scenario_links
from lora_viz.choices.declaration import Declared
from lora_viz.choices.groups import GROUPS
from lora_viz.choices.methods import METHODS, MethodName, method_over
from lora_viz.choices.optimizers import (
    OPTIMIZERS,
    OptimizerName,
    of_each_state,
    whose_file_is_torchs,
)
from lora_viz.choices.quantizations import QUANTIZATIONS, QuantizationName
from lora_viz.choices.scenario import Scenario
from lora_viz.cli.options import declared_parameters
from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.memory.settings import step_settings
from lora_viz.memory.torch_step.four_bits import quantize
from lora_viz.memory.torch_step.optimizers import make_optimizer
from lora_viz.training.settings import TrainingSettings, parse_settings
from lora_viz.ui.session.view import View
from lora_viz.ui.sidebar import ALWAYS_SEEN, ELSEWHERE, OF_PEFT


def test_what_can_be_chosen_is_what_the_tables_have() -> None:
    assert get_args(OptimizerName) == tuple(OPTIMIZERS) == Scenario.options("optimizer")
    assert get_args(MethodName) == tuple(METHODS) == Scenario.options("method")
    assert View().planned_methods == tuple(METHODS)
    assert get_args(QuantizationName) == tuple(QUANTIZATIONS) == Scenario.options("quantization")


def test_a_method_packs_with_a_quantization_that_there_is() -> None:
    assert {method.quantization for method in METHODS.values()} <= set(QUANTIZATIONS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_simulated_optimizer_keeps_the_moments_of_its_entry(name: str) -> None:
    parameter = torch.nn.Parameter(torch.zeros(64, 128))
    parameter.grad = torch.zeros_like(parameter)
    optimizer = make_optimizer(name, [parameter])
    optimizer.step()
    state = optimizer.state[parameter].values()
    tensors = [value for value in state if isinstance(value, torch.Tensor)]
    moments = [value for value in tensors if value.shape == (64, 128)]
    wanted = OPTIMIZERS[name]
    assert len(moments) == wanted.moments
    assert {value.element_size() for value in moments} <= {wanted.moment_bytes or 4}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_has_a_class_of_torch_and_trainer_knows_its_name(name: str) -> None:
    wanted = OPTIMIZERS[name]
    if not wanted.torch_class.startswith("bitsandbytes."):  # which is not installed here
        kind = locate(wanted.torch_class)
        assert isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer)
    known = {one.value for one in OptimizerNames}
    assert OPTIMIZERS[name].trainer_name is None or OPTIMIZERS[name].trainer_name in known


def test_an_unknown_name_raises_and_becomes_nothing_else() -> None:
    parameter = torch.nn.Parameter(torch.zeros(2))
    with pytest.raises(KeyError):
        make_optimizer("no-such-optimizer", [parameter])
    with pytest.raises(KeyError):
        optimizer_layout(torch.nn.Linear(2, 2), "no-such-optimizer", "float32", "float32")
    with pytest.raises(ValueError, match="adamw_8bit"):
        optimizer_layout(torch.nn.Linear(2, 2), "adamw_8bit", "float32", "float32")
    with pytest.raises(KeyError):
        quantize(torch.nn.Linear(2, 2), "int3", False, torch.float32)
    with pytest.raises(KeyError):
        method_over("ia3", "nf4")


def test_the_planner_tries_one_optimizer_for_each_kind_of_state() -> None:
    tried = of_each_state()
    states = [(one.torch_class, one.moment_bytes, one.is_paged) for one in tried]
    assert len(set(states)) == len(states)
    assert set(states) == {
        (one.torch_class, one.moment_bytes, one.is_paged) for one in OPTIMIZERS.values()
    }
    assert {"adamw", "adamw_8bit", "sgd"} <= {one.name for one in tried}


def test_only_a_file_that_is_not_of_torchs_form_is_shown_as_anothers() -> None:
    others = {name for name in OPTIMIZERS if whose_file_is_torchs(name).name != name}
    assert others == {
        name
        for name, one in OPTIMIZERS.items()
        if one.needs_bitsandbytes or not one.torch_class.startswith("torch.")
    }
    assert {whose_file_is_torchs(name).name for name in others} == {"adamw"}


@pytest.mark.parametrize(
    ("method", "quantization", "meant"),
    [
        ("lora", "nf4", "qlora"),
        ("lora", "none", "lora"),
        ("qlora", "none", "qlora"),
        ("qlora", "nf4", "qlora"),
        ("full", "nf4", "full"),
    ],
)
def test_a_method_over_a_quantization_is_one_scenario(
    method: str, quantization: str, meant: str
) -> None:
    spelt = Scenario.make({"method": method, "quantization": quantization})
    scenario = Scenario.make({"method": meant})
    assert spelt == scenario
    assert spelt.to_query() == scenario.to_query()
    assert step_settings(spelt) == step_settings(scenario)


def test_both_spellings_are_read_wherever_scenarios_are() -> None:
    """In a link, in a comparison, in saved settings and by the command line's own options."""
    qlora = Scenario.make({"method": "qlora"})
    assert Scenario.from_query({"quantization": "nf4"}) == (qlora, [])
    assert Scenario.from_query({"method": "lora", "quantization": "nf4"}) == (qlora, [])
    assert scenario_links.decode("model=gpt2&quantization=nf4") == ((qlora,), [])
    saved = '{"scenario": {"method": "lora", "quantization": "nf4"}}'
    settings = parse_settings(saved)
    assert settings.scenario == qlora
    assert settings.learning_rate == METHODS["qlora"].learning_rate
    names = {one.name for one in declared_parameters(Scenario)}
    assert "quantization" in names
    assert Scenario.takes("quantization")


def test_the_other_spelling_is_written_nowhere_and_undone_by_no_change() -> None:
    qlora = Scenario.make({"quantization": "nf4"})
    assert qlora.to_query() == {"method": "qlora"}
    assert "quantization" not in qlora.model_dump()
    assert qlora.changed(method="lora") == Scenario()


def test_a_quantization_that_there_is_not_costs_one_sentence() -> None:
    words = ", ".join(QUANTIZATIONS)
    for wrong in ("int3", 4, None, ["nf4"]):
        with pytest.raises(UserError, match=rf"Quantization cannot be .* one of {words}"):
            Scenario.make({"quantization": wrong})
    scenario, complaints = Scenario.from_query({"quantization": "int3" * 200, "rank": "4"})
    assert scenario.rank == 4
    assert len(complaints) == 1


@pytest.mark.parametrize("settings", [Scenario, TrainingSettings])
def test_fields_are_declared_group_by_group(settings: type[Declared]) -> None:
    """So that the order of the fields is that of the groups, wherever fields are shown."""
    titles = [str(settings.group(field)) for field in settings.model_fields]
    order = [_(title) for title in GROUPS.values()]
    assert titles == sorted(titles, key=order.index)
    assert [one for fields in settings.groups().values() for one in fields] == [
        *settings.model_fields
    ]


def test_the_sidebar_has_every_field_but_those_of_the_card() -> None:
    assert set(ELSEWHERE) <= set(Scenario.model_fields)
    assert set(ELSEWHERE) - {*ALWAYS_SEEN, *OF_PEFT} == {"gpu", "gpu_memory_gb"}
