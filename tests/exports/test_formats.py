"""What is written down is read back by those whom it is for, and nothing is left out of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import OUTSIDE
from lora_viz.errors import UserError
from lora_viz.exports.formats import FORMATS, export
from tests.exports.scenarios import CAUSAL, QLORA, other_value

DOCUMENTED = Path(__file__).parent / "documented"
FIELDS = [field for field in Scenario.model_fields if field not in OUTSIDE]
ADAPTERS = [
    {},
    {"rank": 64, "alpha": 128, "dora": True, "dropout": 0.05, "bias": "lora_only"},
    {"rslora": True, "target_modules": ("all-linear",)},
    {"target_modules": (r".*\.(q|v)_proj",)},
]


def written(name: str, scenario: Scenario) -> str:
    """A scenario in a format with what is said beside it, or the sentence why there is none."""
    try:
        made = export(name, scenario, CAUSAL)
    except UserError as error:
        return str(error)
    return "\n".join((made.text, *made.unsaid))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "field", [field for field in Scenario.model_fields if field not in OUTSIDE]
)
def test_every_field_is_written_or_named_as_not_written(name: str, field: str) -> None:
    changed = QLORA.model_copy(update={field: other_value(field)})
    assert getattr(QLORA, field) != getattr(changed, field)
    assert written(name, QLORA) != written(name, changed)


@pytest.mark.parametrize("method", Scenario.options("method"))
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_holds_every_method_or_says_why_not(name: str, method: str) -> None:
    text = written(name, QLORA.changed(method=method))
    has_no_adapter = name in ("lora-config", "adapter-config") and method == "full"
    assert ("Full fine-tuning has no adapter" in text) == has_no_adapter
    if FORMATS[name].syntax == "python" and not has_no_adapter:
        compile(text, name, "exec")


@pytest.mark.parametrize("changes", ADAPTERS)
def test_the_code_makes_pefts_configuration(changes: dict[str, Any], tmp_path: Path) -> None:
    from peft import LoraConfig, PeftConfig

    scenario = Scenario.make({"model": "llama-3.1-8b"} | changes)
    alpha: Any = scenario.alpha  # PEFT says a whole number, and takes any
    expected = LoraConfig(
        task_type="CAUSAL_LM",
        r=scenario.rank,
        lora_alpha=alpha,
        target_modules=scenario.peft_targets,
        use_rslora=scenario.rslora,
        use_dora=scenario.dora,
        bias=scenario.bias,
        lora_dropout=scenario.dropout,
    )
    made: dict[str, Any] = {}
    exec(export("lora-config", scenario, CAUSAL).text, made)
    assert made["config"] == expected

    file = tmp_path / FORMATS["adapter-config"].file_name
    file.write_text(export("adapter-config", scenario, CAUSAL).text, encoding="utf-8")
    loaded = PeftConfig.from_pretrained(str(tmp_path))
    assert loaded.base_model_name_or_path == "meta-llama/Llama-3.1-8B"
    loaded.base_model_name_or_path = None
    assert loaded == expected


@pytest.mark.parametrize(
    ("changes", "precision"),
    [
        ({"base_dtype": "bfloat16"}, "bf16"),
        ({"base_dtype": "float16"}, "fp16"),
        ({"base_dtype": "float32"}, "no"),
        ({"base_dtype": "bfloat16", "training_loop": "plain"}, "no"),
        ({"base_dtype": "bfloat16", "mixed_precision": "none"}, "no"),
    ],
)
def test_accelerate_s_own_loader_takes_its_file(
    changes: dict[str, Any], precision: str, tmp_path: Path
) -> None:
    from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file

    file = tmp_path / FORMATS["accelerate"].file_name
    file.write_text(export("accelerate", QLORA.changed(**changes), CAUSAL).text, encoding="utf-8")
    loaded = load_config_from_file(str(file))
    assert isinstance(loaded, ClusterConfig)
    assert (loaded.mixed_precision, loaded.num_processes, loaded.use_cpu) == (precision, 1, False)


def documented(name: str) -> set[str]:
    """The keys that a trainer documents."""
    lines = (DOCUMENTED / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


def of_trainer() -> set[str]:
    """The keys that transformers' Trainer takes."""
    from transformers import TrainingArguments

    return set(TrainingArguments.__dataclass_fields__)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"method": "full", "base_dtype": "float32"},
        {"method": "lora", "gradient_checkpointing": True, "target_modules": ("all-linear",)},
        {"adapter_dtype": "bfloat16", "kbit_preparation": "norms", "padding": True},
    ],
)
def test_trainers_document_the_keys_of_their_yaml(changes: dict[str, Any]) -> None:
    scenario = QLORA.changed(**changes)
    axolotl = yaml.safe_load(export("axolotl", scenario, CAUSAL).text)
    assert set(axolotl) <= documented("axolotl")
    factory = yaml.safe_load(export("llama-factory", scenario, CAUSAL).text)
    assert set(factory) <= documented("llama_factory") | of_trainer()


def test_the_yaml_says_what_the_scenario_does() -> None:
    axolotl = yaml.safe_load(export("axolotl", QLORA, CAUSAL).text)
    assert axolotl["adapter"] == "qlora" and axolotl["load_in_4bit"] is True
    assert axolotl["lora_target_modules"] == ["q_proj", "v_proj"] and axolotl["bf16"] is True
    assert axolotl["micro_batch_size"] == QLORA.batch_size
    factory = yaml.safe_load(export("llama-factory", QLORA, CAUSAL).text)
    assert factory["finetuning_type"] == "lora" and factory["quantization_bit"] == 4
    assert factory["lora_target"] == "q_proj,v_proj" and factory["cutoff_len"] == QLORA.seq_len


def test_what_is_not_said_stands_in_comments_or_beside() -> None:
    scenario = QLORA.changed(bias="all", optimizer="adamw_loop")
    for name in ("axolotl", "llama-factory"):
        text = export(name, scenario, CAUSAL).text
        comments = "".join(line for line in text.splitlines() if line.startswith("#"))
        assert "bias: all" in comments and "optimizer: adamw_loop (adamw_torch" in comments
    beside = export("adapter-config", scenario, CAUSAL)
    assert any("batch-size: 4" in line for line in beside.unsaid)
    assert json.loads(beside.text)["bias"] == "all"


def test_a_configuration_without_weights_asks_for_a_model() -> None:
    scenario = Scenario.make({"model": "custom:2x64x2x99x64"})
    text = export("axolotl", scenario, "GPT2LMHeadModel").text
    assert yaml.safe_load(text)["base_model"] == "FOLDER-OR-HUB-ID"
    assert "a configuration without weights" in text


def test_a_model_that_writes_no_text_is_refused_where_no_trainer_trains_it() -> None:
    scenario = Scenario.make({"model": "roberta-base"})
    for name in ("script", "axolotl", "llama-factory"):
        with pytest.raises(UserError, match="RobertaForMaskedLM"):
            export(name, scenario, "RobertaForMaskedLM")
    code = export("lora-config", scenario, "RobertaForTokenClassification").text
    assert "task_type='TOKEN_CLS'" in code


def test_an_unknown_format_names_those_that_there_are() -> None:
    with pytest.raises(UserError, match="axolotl"):
        export("torchtune", QLORA, CAUSAL)
