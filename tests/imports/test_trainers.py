"""What is understood of each trainer's own files, and what is not: every key by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import TrainingArguments
from transformers.trainer_callback import TrainerState

from lora_viz.choices.scenario import Scenario
from lora_viz.imports.answer import Imported
from lora_viz.imports.read import read_import

FILES = Path(__file__).parent / "files"
ALL_SEVEN = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
EXPECTED: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "axolotl_qlora.yml": (
        "axolotl",
        {
            "model": "llama-3.1-8b", "method": "qlora", "rank": 64, "alpha": 32, "dropout": 0.05,
            "target_modules": ("all-linear",), "seq_len": 2048, "batch_size": 1,
            "gradient_accumulation": 8, "base_dtype": "bfloat16", "padding": False,
            "gradient_checkpointing": True, "attention": "flash_attention_2",
            "double_quant": True, "training_loop": "trainer", "packing": "one_row",
        },
        {"deepspeed", "lora_modules_to_save"},
    ),
    "llama_factory_qlora.yaml": (
        "LLaMA-Factory",
        {
            "model": "qwen2.5-7b", "method": "qlora", "rank": 16, "alpha": 32, "dropout": 0.0,
            "target_modules": ("q_proj", "v_proj"), "seq_len": 4096, "batch_size": 2,
            "gradient_accumulation": 8, "base_dtype": "bfloat16", "attention": "flash_attention_2",
            "gradient_checkpointing": True, "double_quant": True, "kbit_preparation": "none",
            "optimizer": "adamw_fused", "training_loop": "trainer", "loss": "fused",
        },
        {"additional_target"},
    ),
    "trl_sft.yaml": (
        "TRL",
        {
            "model": "mistral-7b", "method": "lora", "rank": 32, "alpha": 16, "dropout": 0.05,
            "target_modules": ("q_proj", "k_proj", "v_proj", "o_proj"), "seq_len": 2048,
            "batch_size": 4, "gradient_accumulation": 4, "base_dtype": "bfloat16", "padding": True,
            "attention": "flash_attention_2", "gradient_checkpointing": True,
            "optimizer": "adamw", "training_loop": "trainer", "loss": "chunked",
            "packing": "none",
        },
        set(),
    ),
    "torchtune_qlora.yaml": (
        "torchtune",
        {
            "model": "llama-3.1-8b", "method": "qlora", "rank": 8, "alpha": 16, "dropout": 0.0,
            "target_modules": ("q_proj", "v_proj", "o_proj", "gate_proj", "down_proj", "up_proj"),
            "seq_len": 1024, "batch_size": 2, "gradient_accumulation": 16,
            "base_dtype": "bfloat16", "adapter_dtype": "bfloat16", "padding": True,
            "gradient_checkpointing": True, "gradient_clipping": False,
            "optimizer": "adamw_fused", "training_loop": "plain", "loss": "chunked_output",
            "offloading": "none",
        },
        set(),
    ),
    "unsloth_studio.yaml": (
        "Unsloth Studio",
        {
            "model": "llama-3.2-3b", "method": "qlora", "rank": 16, "alpha": 32, "dropout": 0.0,
            "target_modules": ALL_SEVEN, "seq_len": 2048, "batch_size": 2,
            "gradient_accumulation": 4, "padding": True, "rslora": True,
            "gradient_checkpointing": True, "optimizer": "adamw_8bit", "training_loop": "trainer",
            "offloading": "checkpoints",
        },
        set(),
    ),
}  # fmt: skip


def read(values: object) -> Imported:
    return read_import(json.dumps(values).encode())


def keys_of(values: dict[str, Any], section: str = "") -> set[str]:
    """Every key that stands in a file, with its section; lists are values."""
    keys = set()
    for key, value in values.items():
        inner = keys_of(value, f"{section}{key}.") if isinstance(value, dict) else set()
        keys |= inner or {f"{section}{key}"}
    return keys


def said_of(found: Imported) -> list[str]:
    """The keys of a file that an answer speaks of."""
    own = [one.key for one in found.understood if not one.is_default]
    return own + [one.key for one in found.not_understood]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_trainer_s_file_is_read(name: str) -> None:
    kind, scenario, left_out = EXPECTED[name]
    found = read_import((FILES / name).read_bytes())
    assert found.kind == kind
    assert {key: found.scenario[key] for key in scenario} == scenario
    later = {"lora_modules_to_save", "additional_target"}  # there is a field for them, or not yet
    if "modules_to_save" in Scenario.model_fields:
        left_out = left_out - later
    assert {one.key for one in found.not_understood} == left_out
    assert all(str(one.why).endswith(".") for one in found.not_understood)
    Scenario.make(json.loads(json.dumps(dict(found.scenario))))  # a line of --batch


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_of_a_file_is_swallowed(name: str) -> None:
    content = (FILES / name).read_bytes()
    found = read_import(content + b"\nsome_new_key: 7\n")
    said = said_of(found)
    assert len(said) == len(set(said))
    for key in {*keys_of(yaml.safe_load(content)), "some_new_key"}:
        assert any(key == one or key.startswith(f"{one}.") for one in said), key
    (why,) = [str(one.why) for one in found.not_understood if one.key == "some_new_key"]
    assert "not known here" in why


def test_without_targets_peft_s_own_are_taken_and_no_empty_key_is_swallowed() -> None:
    bare = {"base_model": "gpt2", "adapter": "lora", "lora_target_modules": None, "lora_r": -1}
    found = read(bare)
    assert found.scenario["target_modules"] == ("c_attn",)
    all_linear = bare | {"lora_target_linear": True, "micro_batch_size": None}
    found = read(all_linear)
    assert found.scenario["target_modules"] == ("all-linear",)
    said = [one.key for one in (*found.understood, *found.not_understood)]
    assert set(all_linear) <= set(said) and len(said) == len(set(said))
    assert read({"model_name_or_path": "gpt2", "use_peft": True}).scenario["target_modules"] == (
        "c_attn",
    )


def test_how_a_and_b_begin_is_a_setting_or_named() -> None:
    found = read({"model_name_or_path": "gpt2", "stage": "sft", "pissa_init": True})
    if "init_lora_weights" in Scenario.model_fields:
        assert found.scenario["init_lora_weights"] == "pissa"
    else:
        assert [one.key for one in found.not_understood] == ["pissa_init"]


def test_a_long_log_is_not_kept() -> None:
    found = read({"log_history": [{"loss": 1.0}] * 1_000, "train_batch_size": 2})
    (log,) = [one.value for one in found.understood if one.key == "log_history"]
    assert isinstance(log, str) and len(log) < 100


def test_a_whole_training_leaves_nothing_of_the_scenario_before() -> None:
    """What a file does not name is as usual, not as a reader had it before."""
    before = Scenario.make(
        {"bias": "all", "attention": "eager", "adapter_dtype": "float16", "dora": True}
    )
    found = read({"base_model": "gpt2", "adapter": "lora", "lora_r": 4})
    after = before.changed(**found.scenario)
    usually = Scenario()
    for name in ("bias", "attention", "adapter_dtype", "dora"):
        assert getattr(after, name) == getattr(usually, name)


def test_training_arguments_are_read_as_transformers_writes_them(tmp_path: Path) -> None:
    arguments = TrainingArguments(
        str(tmp_path), per_device_train_batch_size=6, gradient_accumulation_steps=3,
        optim="sgd", max_grad_norm=0.0, gradient_checkpointing=True, bf16=False, report_to=[],
    )  # fmt: skip
    found = read_import(arguments.to_json_string().encode())
    assert found.kind == "TrainingArguments" and not found.not_understood
    assert found.scenario == {
        "training_loop": "trainer", "mixed_precision": "none",
        "batch_size": 6, "gradient_accumulation": 3,
        "gradient_checkpointing": True, "gradient_clipping": False, "optimizer": "sgd",
    }  # fmt: skip
    assert set(arguments.to_dict()) <= set(said_of(found))


def test_a_trainer_s_state_is_read_as_transformers_writes_it(tmp_path: Path) -> None:
    state = TrainerState(train_batch_size=12, max_steps=90, log_history=[{"loss": 1.5, "step": 1}])
    state.save_to_json(str(tmp_path / "trainer_state.json"))
    found = read_import((tmp_path / "trainer_state.json").read_bytes())
    assert found.kind == "trainer_state.json" and not found.not_understood
    assert found.scenario == {"training_loop": "trainer", "batch_size": 12}


@pytest.mark.parametrize(
    ("values", "key", "why"),
    [
        ({"base_model": "gpt2", "adapter": "ia3"}, "adapter", "no such setting"),
        ({"base_model": "gpt2", "load_in_8bit": True}, "load_in_8bit", "no such setting"),
        ({"base_model": "gpt2", "lora_r": 5000}, "lora_r", "whole number from 1 to 1,024"),
        ({"base_model": "gpt2", "lora_r": [8]}, "lora_r", "whole number from 1 to 1,024"),
        ({"base_model": "gpt2", "sample_packing": "maybe"}, "sample_packing", "neither true nor"),
        ({"base_model": "/mnt/models/mine"}, "base_model", "names no model of the hub"),
        ({"base_model": "~/mine"}, "base_model", "names no model of the hub"),
        ({"base_model": "../../etc/passwd"}, "base_model", "names no model of the hub"),
        ({"base_model": None}, "base_model", "No model is named"),
        ({"base_model": "gpt2", "bf16": "sometimes"}, "bf16", "neither true nor false"),
        ({"base_model": "gpt2", "lora_target_modules": [["a"]]}, "lora_target_modules", "names"),
        (
            {"model_name_or_path": "gpt2", "cutoff_len": 9, "stage": "dpo"},
            "stage",
            "no such setting",
        ),
        ({"model": {"_component_": "os.system"}}, "model._component_", "builds no model"),
        (
            {"model": {"_component_": "torchtune.models.llama4.llama4_scout"}},
            "model._component_",
            "The catalogue has no model “llama4_scout”",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_named_with_its_reason(
    values: dict[str, Any], key: str, why: str
) -> None:
    found = read(values)
    reasons = {one.key: str(one.why) for one in found.not_understood}
    assert why in reasons[key]


def test_a_path_is_never_taken_for_a_model_but_its_name_may_be_one_of_the_catalogue() -> None:
    found = read({"base_model": "/home/me/models/Meta-Llama-3.1-8B-Instruct/"})
    assert found.scenario["model"] == "llama-3.1-8b"
    assert "in the catalogue" in str(found.understood[0].note)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("meta-llama/Llama-3.1-8B", "llama-3.1-8b"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"),
        ("unsloth/Meta-Llama-3.1-8B-Instruct-bnb-4bit", "llama-3.1-8b"),
        ("openai-community/gpt2", "gpt2"),
        ("gpt2", "gpt2"),
        ("google/gemma-2-2b-it", "gemma-2-2b"),
        ("mistralai/Mistral-7B-Instruct-v0.1", "mistral-7b"),
        ("mistralai/Mistral-7B-v0.3", "mistralai/Mistral-7B-v0.3"),  # another vocabulary
        ("somebody/gpt2", "somebody/gpt2"),  # who may call anything so
        ("google-bert/bert-base-cased", "google-bert/bert-base-cased"),
    ],
)
def test_names_on_the_hub_mean_the_catalogue_where_the_layers_are_the_same(
    name: str, model: str
) -> None:
    assert read({"base_model": name}).scenario["model"] == model


def test_weights_that_are_packed_already_mean_qlora() -> None:
    found = read({"peft_type": "LORA", "base_model_name_or_path": "unsloth/llama-3.2-1b-bnb-4bit"})
    assert (found.scenario["model"], found.scenario["method"]) == ("llama-3.2-1b", "qlora")


def test_a_model_s_configuration_is_taken_with_its_number_format() -> None:
    config = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64,
        "num_hidden_layers": 2, "vocab_size": 500, "torch_dtype": "bfloat16",
    }  # fmt: skip
    found = read(config)
    assert found.kind == "config.json" and not found.not_understood
    assert found.scenario["model"].startswith("upload:")
    assert found.scenario["base_dtype"] == "bfloat16" and set(said_of(found)) == set(config)
    packed = read(config | {"quantization_config": {"load_in_4bit": True}}).scenario
    assert packed["method"] == "qlora" and packed["double_quant"] is False
    eight = read(config | {"quantization_config": {"load_in_8bit": True}})
    assert [one.key for one in eight.not_understood] == ["quantization_config"]


def test_peft_s_line_is_found_in_a_log_and_names_the_model() -> None:
    log = (
        "12:01 loading\ntrainable params: 20,185,088 || all params: 7,635,801,600 || "
        "trainable%: 0.2643\nstep 1: loss 2.1\n"
    )
    found = read_import(log.encode())
    assert found.counted and found.counted.trainable == 20_185_088
    assert found.scenario == {"model": "qwen2.5-7b"}  # hiyouga/LLaMA-Factory, issue 5539
    old = read_import(b"trainable params: 1 || all params: 3 || trainable%: 33.333333333333336")
    assert old.counted and old.counted.percent == pytest.approx(100 / 3) and old.scenario == {}


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        ({"base_model": "gpt2", "activation_offloading": True}, {"offloading": "activations"}),
        ({"base_model": "gpt2", "activation_offloading": "legacy"}, {"offloading": "checkpoints"}),
        (
            {"base_model": "gpt2", "gradient_checkpointing": "offload"},
            {"gradient_checkpointing": True, "offloading": "activations"},
        ),
        (
            {
                "base_model": "gpt2",
                "plugins": ["axolotl.integrations.liger.LigerPlugin"],
                "liger_fused_linear_cross_entropy": True,
            },
            {"loss": "fused"},
        ),
        ({"base_model": "gpt2", "cut_cross_entropy": True, "bf16": True}, {"loss": "cut"}),
        (
            {"model_name_or_path": "gpt2", "max_length": 9, "packing": True},
            {"packing": "one_row", "padding": False},
        ),
        (
            {
                "model_name_or_path": "gpt2",
                "max_length": 9,
                "packing": True,
                "packing_strategy": "wrapped",
            },
            {"packing": "none", "padding": False},
        ),
        (
            {"model_name_or_path": "gpt2", "template": "default", "neat_packing": True},
            {"packing": "rows", "padding": False},
        ),
        (
            {"model_name_or_path": "gpt2", "template": "default", "use_unsloth_gc": True},
            {"offloading": "checkpoints", "gradient_checkpointing": True},
        ),
    ],
)
def test_losses_packing_and_offloading_are_read(
    values: dict[str, Any], changes: dict[str, Any]
) -> None:
    found = read(values)
    assert {name: found.scenario[name] for name in changes} == changes
    assert not found.not_understood
