"""What PEFT itself writes into `adapter_config.json`, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peft import LoraConfig
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING

from lora_viz.choices.scenario import Scenario
from lora_viz.imports.answer import Imported
from lora_viz.imports.peft_files import ADAPTER_CONFIG, PEFT_TARGETS
from lora_viz.imports.read import read_import
from lora_viz.models.catalogue import catalogue

NAMES = st.lists(
    st.sampled_from(["q_proj", "v_proj", "attn.c_proj", "layers.0.mlp.up_proj", "query"]),
    min_size=1,
    max_size=4,
    unique=True,
)
TARGETS = NAMES | st.sampled_from(["all-linear", r".*\.(q|v)_proj", "(a|b)"])


def saved(config: LoraConfig, folder: Path) -> Imported:
    """A configuration that PEFT wrote, read."""
    config.save_pretrained(str(folder))
    return read_import((folder / "adapter_config.json").read_bytes())


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rank=st.integers(1, 1024),
    alpha=st.integers(1, 65536),
    dropout=st.sampled_from([0.0, 0.05, 0.1, 0.5]),
    targets=TARGETS,
    switches=st.tuples(st.booleans(), st.booleans()),
    bias=st.sampled_from(["none", "all", "lora_only"]),
    model=st.sampled_from([None, "meta-llama/Llama-3.1-8B", "gpt2", "org/other"]),
)
def test_any_configuration_gives_the_same_scenario(
    tmp_path: Path,
    rank: int,
    alpha: int,
    dropout: float,
    targets: Any,
    switches: tuple[bool, bool],
    bias: Any,
    model: str | None,
) -> None:
    rslora, dora = switches
    config = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=targets, bias=bias,
        use_rslora=rslora, use_dora=dora, base_model_name_or_path=model, task_type="CAUSAL_LM",
    )  # fmt: skip
    found = saved(config, tmp_path)
    left_out = [] if model else ["base_model_name_or_path"]
    assert [one.key for one in found.not_understood] == left_out
    scenario = Scenario.make(dict(found.scenario))
    assert (scenario.rank, scenario.alpha, scenario.dropout) == (rank, alpha, dropout)
    assert (scenario.rslora, scenario.dora, scenario.bias) == (rslora, dora, bias)
    assert scenario.method == "lora"
    wanted = config.target_modules
    assert scenario.peft_targets == wanted or set(scenario.peft_targets) == wanted


def test_every_key_of_peft_is_known(tmp_path: Path) -> None:
    found = saved(LoraConfig(target_modules=["q_proj"]), tmp_path)
    assert found.kind == "adapter_config.json"
    written = json.loads((tmp_path / "adapter_config.json").read_text("utf-8"))
    assert all(ADAPTER_CONFIG.rule_of(key) for key in written)
    assert {one.key for one in found.understood} >= set(written) - {"base_model_name_or_path"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"layer_replication": [(0, 4)]}, "no such setting"),
        ({"init_lora_weights": "pissa"}, "no such setting"),
        ({"modules_to_save": ["embed_tokens"]}, "no such setting"),
        ({"rank_pattern": {"layers.3.q_proj": 32}}, "no such setting"),
        ({"layers_to_transform": [0, 1]}, "no such setting"),
        ({"target_modules": "q_proj"}, "a pattern of whole names, which “q_proj” is not"),
        ({"target_modules": ["q_proj", ".*v"]}, "takes “.*v” for a layer's name"),
        ({"target_modules": None}, "by the model's type"),
    ],
)
def test_what_has_no_setting_is_named(changes: dict[str, Any], why: str, tmp_path: Path) -> None:
    (key,) = changes
    written: dict[str, Any] = {"target_modules": ["q_proj"]} | changes
    found = saved(LoraConfig(**written), tmp_path)
    if why == "no such setting" and key in Scenario.model_fields:
        assert key in found.scenario
        return
    assert why in {one.key: str(one.why) for one in found.not_understood}[key]


def test_without_targets_they_are_peft_s_own() -> None:
    types = {entry.config["model_type"] for entry in catalogue().values()}
    own = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
    assert {kind: list(names) for kind, names in PEFT_TARGETS.items()} == {
        kind: own[kind] for kind in types if kind in own
    }
    written = {"peft_type": "LORA", "base_model_name_or_path": "gpt2", "target_modules": None}
    found = read_import(json.dumps(written).encode())
    assert found.scenario["target_modules"] == ("c_attn",) and not found.not_understood


def test_what_an_older_version_left_out_is_peft_s_default() -> None:
    written = {"peft_type": "LORA", "base_model_name_or_path": "gpt2", "target_modules": ["c_attn"]}
    found = read_import(json.dumps(written).encode())
    config = LoraConfig()
    assert found.scenario["rank"] == config.r and found.scenario["alpha"] == config.lora_alpha
    assert found.scenario["dropout"] == config.lora_dropout
    assert {one.key for one in found.understood if one.is_default} >= {"r", "lora_alpha", "bias"}
