"""Random scenarios, written for others and read back, but for what a file says that it lacks.

`LORA_VIZ_ROUND_TRIPS=1000` tries so many of them.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import OUTSIDE
from lora_viz.errors import UserError
from lora_viz.exports.axolotl import AXOLOTL
from lora_viz.exports.formats import export
from lora_viz.exports.llama_factory import LLAMA_FACTORY
from lora_viz.exports.lora_config import ADAPTER_ARGUMENTS
from lora_viz.exports.rules import OF_ADAPTER, OF_PACKING, said_by
from lora_viz.exports.subject import Subject
from lora_viz.imports.read import read_import
from tests.exports.scenarios import CAUSAL, OTHERS

TRIES = int(os.environ.get("LORA_VIZ_ROUND_TRIPS", "120"))
MODELS = ("llama-3.1-8b", "llama-3.2-1b", "mistral-7b", "qwen2.5-7b", "gpt2", "tiny-gpt2")
TARGETS = (("q_proj", "v_proj"), ("all-linear",), ("q_proj",), (r".*\.(q|v)_proj",))
HIGHEST = 64
NOT_SET = (*OUTSIDE, "model", "gpu", "gpu_memory_gb", "lengths", "task_type")


def random_scenario(random: Random) -> Scenario:
    """A scenario of which about a third of the fields have other values than the usual ones."""
    values: dict[str, Any] = {"model": random.choice(MODELS)}
    for field, info in Scenario.model_fields.items():
        if field in NOT_SET or random.random() < 0.6:
            continue
        if field == "target_modules":
            values[field] = random.choice(TARGETS)
        elif field in ("rank_pattern", "alpha_pattern"):
            pattern = random.choice(("q_proj", "layers.1.self_attn.v_proj"))
            values[field] = json.dumps({pattern: random.choice((2, 4, 32))})
        elif field == "alpha":
            values[field] = random.choice((8, 16, 16.5, 32))
        elif field == "dropout":
            values[field] = random.choice((0.0, 0.05, 0.1))
        elif field in OTHERS and not Scenario.options(field):
            values[field] = OTHERS[field]
        elif info.annotation is bool:
            values[field] = random.random() < 0.5
        elif options := Scenario.options(field):
            values[field] = random.choice(options)
        else:
            low, high = Scenario.limits(field)
            values[field] = random.randint(low, min(high, HIGHEST))
    return Scenario.make(values)


def carried(name: str, scenario: Scenario) -> set[str]:
    """The fields that mean something and that a format does not say that it lacks."""
    subject = Subject(scenario, CAUSAL)
    if name == "adapter-config":
        return {"model", *ADAPTER_ARGUMENTS} - {"task_type"}
    table = {"axolotl": AXOLOTL, "llama-factory": LLAMA_FACTORY}[name]
    _keys, remarks = said_by(table, subject)
    fields = set(Scenario.model_fields) - {*OUTSIDE, *(one.field for one in remarks)}
    fields -= {"task_type"}  # the usual one of these models, whether it is named or not
    fields -= set() if scenario.trains_adapter else set(OF_ADAPTER)
    fields -= set() if scenario.is_quantized else set(OF_PACKING)
    fields -= set() if scenario.packing == "none" else {"padding"}
    follows_from = {"base_dtype", "adapter_dtype", "kbit_preparation"}
    packs = follows_from if scenario.is_quantized else follows_from - set(OF_PACKING)
    trains = packs if scenario.trains_adapter else packs - set(OF_ADAPTER)
    return fields - ({"mixed_precision"} if trains - fields else set())


@pytest.mark.parametrize("name", ["adapter-config", "axolotl", "llama-factory"])
def test_what_is_written_is_read_back(name: str) -> None:
    for seed in range(TRIES):
        scenario = random_scenario(Random(seed))
        try:
            text = export(name, scenario, CAUSAL).text
        except UserError:
            assert name == "adapter-config" and not scenario.trains_adapter
            continue
        found = read_import(text.encode())
        assert not found.not_understood, (seed, found.not_understood)
        after = Scenario.make(dict(found.scenario))
        for field in carried(name, scenario):
            wanted, got = getattr(scenario, field), getattr(after, field)
            if field == "mixed_precision":  # what “auto” comes to
                wanted, got = scenario.autocast, after.autocast
            assert wanted == got, (seed, field)
