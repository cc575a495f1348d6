"""Layers as real models have them, the catalogue's published totals, and hostile configurations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING

from lora_viz.errors import UserError
from lora_viz.models.ask import read_architecture
from lora_viz.models.catalogue import catalogue
from lora_viz.models.meta import build_meta_model
from lora_viz.models.source import CustomGPT2, parse_config, resolve, store_upload


@pytest.mark.parametrize("key", catalogue())
def test_totals_equal_the_published_ones_and_transformers_own(key: str) -> None:
    entry = catalogue()[key]
    total = read_architecture(key).total_parameters
    assert total == entry.parameters == build_meta_model(entry.config).num_parameters()
    assert abs(total - entry.published_parameters) <= entry.published_precision
    assert entry.published_source and entry.licence


def test_gpt2_stores_its_layers_as_conv1d_with_a_tied_head() -> None:
    architecture = read_architecture("gpt2")
    attention = architecture.layer("transformer.h.0.attn.c_attn")
    assert (attention.kind, attention.weight_shape) == ("Conv1D", (768, 2304))
    assert (attention.in_features, attention.out_features, attention.bias) == (768, 2304, True)
    head = architecture.layer("lm_head")
    assert (head.tied_to, head.parameters) == ("transformer.wte", 0)
    assert len(architecture.blocks) == 12


def test_a_head_that_the_configuration_does_not_tie_has_a_weight_of_its_own() -> None:
    """FLAN-T5-XXL at r = 16: PEFT printed 18,874,368 || all params: 11,154,206,720 of the loaded
    model, whose file holds two different weights (philschmid.de/fine-tune-flan-t5-peft)."""
    architecture = read_architecture("flan-t5-xxl")
    assert architecture.total_parameters == 11_154_206_720 - 18_874_368
    assert architecture.layer("lm_head").tied_to is None
    assert read_architecture("t5-base").layer("lm_head").tied_to == "shared"


def test_default_targets_are_those_that_peft_chooses_for_the_type() -> None:
    for key, entry in catalogue().items():
        chosen = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.get(entry.config["model_type"])
        if chosen and entry.config["model_type"] != "gpt2":
            assert list(entry.default_targets) == chosen, key


def test_an_encoder_decoder_has_both_stacks() -> None:
    blocks = read_architecture("t5-base").blocks
    assert sum(block.startswith("encoder.") for block in blocks) == 12
    assert sum(block.startswith("decoder.") for block in blocks) == 12


def test_a_model_can_be_named_in_every_way(tmp_path: Path) -> None:
    config = catalogue()["distilgpt2"].config
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    names = (str(tmp_path), str(file), store_upload(file.read_bytes()), CustomGPT2(layers=6).name)
    totals = {read_architecture(name).total_parameters for name in names}
    assert totals == {read_architecture("distilgpt2").total_parameters}


def test_without_a_network_an_unknown_hub_id_is_explained_quickly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import huggingface_hub

    class NoNetwork:
        def head(self, *_arguments: object, **_options: object) -> None:
            raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub, "get_session", NoNetwork)
    with pytest.raises(UserError, match="hub cannot be reached for “nobody/nothing-like-it”"):
        resolve("nobody/nothing-like-it")


HOSTILE = {
    "layers without end": {"model_type": "gpt2", "n_layer": 10**9},
    "negative width": {"model_type": "gpt2", "n_embd": -5},
    "width of a planet": {"model_type": "llama", "hidden_size": 10**15},
    "vocabulary of a galaxy": {"model_type": "llama", "vocab_size": 10**12},
    "no heads": {"model_type": "llama", "num_attention_heads": 0},
    "endless width": {"model_type": "gpt2", "n_embd": float("inf")},
    "endless layers": {"model_type": "llama", "num_hidden_layers": float("inf")},
    "width of no number": {"model_type": "llama", "hidden_size": float("nan")},
    "words for numbers": {"model_type": "gpt2", "n_embd": "wide"},
    "null layers": {"model_type": "bert", "num_hidden_layers": None},
    "blocks without end": {"model_type": "gpt_neo", "attention_types": [[["global"], 10**11]]},
    "stages without end": {"model_type": "swin", "depths": [10**8]},
    "labels without end": {"model_type": "bert", "num_labels": 10**9},
    "no width": {"model_type": "t5", "d_ff": 0},
    "list for a number": {"model_type": "t5", "d_model": [1, 2]},
    "unknown type": {"model_type": "no-such-model"},
    "experts without end": {"model_type": "mixtral", "num_local_experts": 10**8},
    "remote code": {"model_type": "x", "auto_map": {"AutoModel": "evil--code.Model"}},
    "classes that are none": {"model_type": "gpt2", "architectures": 5},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_configurations_are_refused_in_one_sentence(case: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(HOSTILE[case]))
    with pytest.raises(UserError) as raised:
        read_architecture(str(tmp_path))
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


def test_what_is_not_about_its_layers_does_not_keep_a_model_from_being_read(tmp_path: Path) -> None:
    others = {
        "architectures": ["GPT2PreTrainedModel"],
        "attn_implementation": "flash_attention_2",
        "vision_feature_layer": -2,
    }
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_layer": 2} | others))
    assert read_architecture(str(tmp_path)).class_name == "GPT2LMHeadModel"


def test_a_limit_may_be_infinite(tmp_path: Path) -> None:
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_heads": 8, "head_dim": 16}
    limits = {"time_step_limit": [0.0, float("inf")]}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mamba2"} | sizes | limits))
    assert read_architecture(str(tmp_path)).model_type == "mamba2"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[1, 2]",
        b"{",
        b'{"model_type": 5}',
        b"[" * 100_000,
        b'{"model_type": "gpt2", "n_embd": 1e300}',
        b"\xff\xfe\x00",
        b'{"model_type": "gpt2", "x": "' + b"a" * 50_000_000 + b'"}',
    ],
    ids=lambda text: f"{len(text)} bytes",
)
def test_files_that_are_no_configuration_are_refused(text: bytes) -> None:
    with pytest.raises(UserError):
        parse_config(text)
