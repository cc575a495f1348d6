"""Small models of random sizes, one family for each way in which LoRA targets differ.

A test builds the same model twice: as the package does, from its `config.json`, and for real.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
import transformers

from lora_viz.models.meta import model_class

Config = dict[str, Any]
Targets = tuple[str, ...]

DEPTHS = (1, 2, 5)  # of five alike blocks, PEFT is asked about three


@dataclass(frozen=True)
class SmallModel:
    """A family's name, a configuration as in `config.json`, and target lists that fit it."""

    family: str
    config: Config
    targets: tuple[Targets, ...]

    def write_to(self, folder: Path) -> str:
        """Write `config.json` into a new folder and return the model's name: the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(self.config))
        return str(folder)


def random_model(random: Random, family: str | None = None) -> SmallModel:
    """A small model of random sizes, of one family or of any."""
    chosen = family or random.choice(FAMILIES)
    config, targets = _FAMILIES[chosen]
    return SmallModel(chosen, config(random), targets)


def build(config: Config) -> transformers.PreTrainedModel:
    """The real model of a configuration, its weights random and in float32.

    It has the head that transformers loads where a file has one, which T5 ties when it is built.
    """
    settings = {name: value for name, value in config.items() if name != "model_type"}
    read = transformers.CONFIG_MAPPING[config["model_type"]].from_dict(settings)
    model = model_class(read)._from_config(read)
    head = model.get_output_embeddings()
    if config.get("tie_word_embeddings") is not False or head is None:
        return model
    if head.weight is not model.get_input_embeddings().weight:
        return model
    with torch.device("cpu"):  # whatever the device is of what has no data
        built = model_class(read)._from_config(read)
        weights = {name: tensor.clone() for name, tensor in built.state_dict().items()}
        weights["lm_head.weight"] += 1
        model = model_class(read).from_pretrained(None, config=read, state_dict=weights)
    return model.train()


def _gpt2(random: Random) -> Config:
    heads, width = _heads_and_width(random)
    return {
        "model_type": "gpt2",
        "n_layer": random.choice(DEPTHS),
        "n_embd": width,
        "n_head": heads,
        "n_inner": random.choice([None, random.randint(8, 200)]),
        "vocab_size": random.randint(30, 300),
        "n_positions": random.randint(8, 64),
        "tie_word_embeddings": random.random() < 0.8,
    }


def _llama_like(random: Random, model_type: str, **more: Any) -> Config:
    heads, width = _heads_and_width(random)
    return {
        "model_type": model_type,
        "num_hidden_layers": random.choice(DEPTHS),
        "hidden_size": width,
        "num_attention_heads": heads,
        "num_key_value_heads": random.choice(
            [divisor for divisor in range(1, heads + 1) if heads % divisor == 0]
        ),
        "intermediate_size": random.randint(8, 200),
        "vocab_size": random.randint(30, 300),
        "max_position_embeddings": 64,
        "tie_word_embeddings": random.random() < 0.5,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    } | more


def _llama(random: Random) -> Config:
    has_bias = random.random() < 0.5
    return _llama_like(random, "llama", attention_bias=has_bias, mlp_bias=random.random() < 0.5)


def _mistral(random: Random) -> Config:
    return _llama_like(random, "mistral", head_dim=random.choice([4, 8, 12]))


def _qwen2(random: Random) -> Config:
    return _llama_like(random, "qwen2")


def _gemma2(random: Random) -> Config:
    return _llama_like(random, "gemma2", head_dim=random.choice([4, 8, 12]))


def _phi3(random: Random) -> Config:
    return _llama_like(random, "phi3")


def _gpt_neox(random: Random) -> Config:
    heads, width = _heads_and_width(random)
    return {
        "model_type": "gpt_neox",
        "num_hidden_layers": random.choice(DEPTHS),
        "hidden_size": width,
        "num_attention_heads": heads,
        "intermediate_size": random.randint(8, 200),
        "vocab_size": random.randint(30, 300),
        "max_position_embeddings": 64,
        "tie_word_embeddings": random.random() < 0.5,
        "attention_bias": random.random() < 0.5,
    }


def _opt(random: Random) -> Config:
    heads, width = _heads_and_width(random)
    return {
        "model_type": "opt",
        "num_hidden_layers": random.choice(DEPTHS),
        "hidden_size": width,
        "word_embed_proj_dim": random.choice([width, width // 2]),
        "num_attention_heads": heads,
        "ffn_dim": random.randint(8, 200),
        "vocab_size": random.randint(30, 300),
        "max_position_embeddings": 64,
        "enable_bias": random.random() < 0.7,
    }


def _bloom(random: Random) -> Config:
    heads, width = _heads_and_width(random)
    return {
        "model_type": "bloom",
        "n_layer": random.choice(DEPTHS),
        "hidden_size": width,
        "n_head": heads,
        "vocab_size": random.randint(30, 300),
    }


def _bert(random: Random) -> Config:
    heads, width = _heads_and_width(random)
    return {
        "model_type": "bert",
        "num_hidden_layers": random.choice(DEPTHS),
        "hidden_size": width,
        "num_attention_heads": heads,
        "intermediate_size": random.randint(8, 200),
        "vocab_size": random.randint(30, 300),
        "max_position_embeddings": 64,
        "type_vocab_size": random.randint(1, 3),
    }


def _t5(random: Random) -> Config:
    return {
        "model_type": "t5",
        "num_layers": random.choice(DEPTHS),
        "num_decoder_layers": random.choice(DEPTHS),
        "d_model": random.randint(2, 12) * 8,
        "d_kv": random.randint(1, 4) * 4,
        "num_heads": random.randint(1, 4),
        "d_ff": random.randint(8, 200),
        "vocab_size": random.randint(30, 300),
        "feed_forward_proj": random.choice(["relu", "gated-gelu"]),
        "tie_word_embeddings": random.random() < 0.5,
        "is_encoder_decoder": True,
    }


def _heads_and_width(random: Random) -> tuple[int, int]:
    """A number of heads and a width that they share; a head's width is even for rotations."""
    heads = random.randint(1, 6)
    return heads, heads * random.randint(1, 8) * 4


_LLAMA_TARGETS: tuple[Targets, ...] = (
    ("q_proj", "v_proj"),
    ("q_proj", "k_proj", "v_proj", "o_proj"),
    ("gate_proj", "up_proj", "down_proj"),
    ("mlp.down_proj",),
    ("embed_tokens",),
    ("lm_head", "o_proj"),
    (r".*\.layers\.0\..*(q|k)_proj",),
    ("all-linear",),
)

_FAMILIES: dict[str, tuple[Callable[[Random], Config], tuple[Targets, ...]]] = {
    "GPT-2": (
        _gpt2,
        (
            ("c_attn",),
            ("c_attn", "attn.c_proj"),
            ("c_attn", "c_proj"),
            ("mlp.c_fc", "mlp.c_proj"),
            ("wte",),
            ("wte", "wpe", "c_attn"),
            ("lm_head",),
            (r".*\.h\.0\..*c_(attn|fc)",),
            ("all-linear",),
        ),
    ),
    "Llama": (_llama, _LLAMA_TARGETS),
    "Mistral": (_mistral, _LLAMA_TARGETS),
    "Qwen2": (_qwen2, _LLAMA_TARGETS),
    "Gemma2": (_gemma2, _LLAMA_TARGETS),
    "Phi3": (
        _phi3,
        (
            ("qkv_proj",),
            ("qkv_proj", "o_proj"),
            ("gate_up_proj", "down_proj"),
            ("embed_tokens", "qkv_proj"),
            (r".*self_attn\.(qkv|o)_proj",),
            ("all-linear",),
        ),
    ),
    "GPT-NeoX": (
        _gpt_neox,
        (
            ("query_key_value",),
            ("query_key_value", "attention.dense"),
            ("dense",),
            ("dense_h_to_4h", "dense_4h_to_h"),
            ("embed_in",),
            ("all-linear",),
        ),
    ),
    "OPT": (
        _opt,
        (
            ("q_proj", "v_proj"),
            ("q_proj", "k_proj", "v_proj", "out_proj"),
            ("fc1", "fc2"),
            ("embed_tokens", "q_proj"),
            ("embed_positions", "fc1"),
            (r".*layers\.0\.fc\d",),
            ("all-linear",),
        ),
    ),
    "Bloom": (
        _bloom,
        (
            ("query_key_value",),
            ("query_key_value", "dense"),
            ("dense_h_to_4h", "dense_4h_to_h"),
            ("word_embeddings",),
            ("all-linear",),
        ),
    ),
    "BERT": (
        _bert,
        (
            ("query", "value"),
            ("query", "key", "value", "attention.output.dense"),
            ("dense",),
            ("word_embeddings", "query"),
            ("decoder",),
            (r".*encoder\.layer\.0\..*dense",),
            ("all-linear",),
        ),
    ),
    "T5": (
        _t5,
        (
            ("q", "v"),
            ("q", "k", "v", "o"),
            ("SelfAttention.q", "EncDecAttention.v"),
            ("wo",),
            ("shared", "q"),
            ("relative_attention_bias",),
            (r"decoder\..*\.(q|v)",),
            ("all-linear",),
        ),
    ),
}
FAMILIES = tuple(_FAMILIES)
