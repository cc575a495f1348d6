"""Small configurations that are deep enough for their blocks to stand for one another."""

from __future__ import annotations

from typing import Any

GPT2: dict[str, Any] = {
    "model_type": "gpt2",
    "n_layer": 6,
    "n_embd": 128,
    "n_head": 4,
    "vocab_size": 5000,
    "n_positions": 256,
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
}
GPT_BIGCODE: dict[str, Any] = {**GPT2, "model_type": "gpt_bigcode", "multi_query": True}
LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "num_hidden_layers": 6,
    "hidden_size": 128,
    "intermediate_size": 352,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 5000,
    "tie_word_embeddings": False,
}
QWEN2: dict[str, Any] = {**LLAMA, "model_type": "qwen2", "tie_word_embeddings": True}
T5: dict[str, Any] = {
    "model_type": "t5",
    "num_layers": 6,
    "d_model": 128,
    "d_kv": 32,
    "d_ff": 256,
    "num_heads": 4,
    "vocab_size": 5000,
    "dropout_rate": 0.0,
    "decoder_start_token_id": 0,
    "pad_token_id": 0,
}
MIXTRAL: dict[str, Any] = {
    **LLAMA,
    "model_type": "mixtral",
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
}
BART: dict[str, Any] = {
    "model_type": "bart",
    "d_model": 64,
    **{f"{side}_layers": 5 for side in ("encoder", "decoder")},
    **{f"{side}_attention_heads": 2 for side in ("encoder", "decoder")},
    **{f"{side}_ffn_dim": 128 for side in ("encoder", "decoder")},
    "vocab_size": 500,
    "max_position_embeddings": 64,
}
TARGETS = {
    "gpt2": "c_attn",
    "gpt_bigcode": "c_attn",
    "t5": "q,v",
    "roberta": "query,value",
}


def targets(config: dict[str, Any]) -> str:
    """Target modules that fit a configuration."""
    return TARGETS.get(config["model_type"], "q_proj,v_proj")
