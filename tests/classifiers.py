"""Small models whose head PEFT trains in full, a family each, and RoBERTa's published sizes."""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]

# the published configuration of roberta-base, with the head that transformers gives it
ROBERTA_BASE: Config = {
    "model_type": "roberta",
    "architectures": ["RobertaForSequenceClassification"],
    "vocab_size": 50265,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 514,
    "type_vocab_size": 1,
    "pad_token_id": 1,
}
ROBERTA_LARGE_TOKENS: Config = ROBERTA_BASE | {
    "architectures": ["RobertaForTokenClassification"],
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "id2label": {str(label): str(label) for label in range(11)},
}

_BERT_LIKE: Config = {
    "num_hidden_layers": 3,
    "hidden_size": 48,
    "num_attention_heads": 4,
    "intermediate_size": 80,
    "vocab_size": 99,
    "max_position_embeddings": 80,
    "pad_token_id": 0,
}
_LLAMA_LIKE: Config = _BERT_LIKE | {"num_key_value_heads": 2, "head_dim": 12}
# the beginning of the class names, the configuration, names of layers
FAMILIES: dict[str, tuple[Config, tuple[str, ...]]] = {
    "Bert": ({"model_type": "bert"} | _BERT_LIKE, ("query", "value")),
    "Roberta": ({"model_type": "roberta"} | _BERT_LIKE, ("query", "dense")),
    "DistilBert": (
        {
            "model_type": "distilbert",
            "n_layers": 3,
            "dim": 48,
            "n_heads": 4,
            "hidden_dim": 80,
            "vocab_size": 99,
        },
        ("q_lin", "v_lin"),
    ),
    "DebertaV2": (
        {"model_type": "deberta-v2", "relative_attention": True, "pos_att_type": ["p2c", "c2p"]}
        | _BERT_LIKE,
        ("query_proj", "value_proj"),
    ),
    "Electra": ({"model_type": "electra", "embedding_size": 24} | _BERT_LIKE, ("query", "value")),
    "Albert": ({"model_type": "albert", "embedding_size": 24} | _BERT_LIKE, ("query", "value")),
    "GPT2": (
        {"model_type": "gpt2", "n_layer": 3, "n_embd": 48, "n_head": 4, "vocab_size": 99},
        ("c_attn",),
    ),
    "Llama": ({"model_type": "llama"} | _LLAMA_LIKE, ("q_proj", "v_proj")),
    "Qwen2": ({"model_type": "qwen2"} | _LLAMA_LIKE, ("q_proj", "mlp.up_proj")),
    "T5": (
        {
            "model_type": "t5",
            "num_layers": 2,
            "d_model": 48,
            "d_kv": 8,
            "num_heads": 4,
            "d_ff": 80,
            "vocab_size": 99,
        },
        ("q", "v"),
    ),
}
HEADS = {
    "SEQ_CLS": "ForSequenceClassification",
    "TOKEN_CLS": "ForTokenClassification",
    "QUESTION_ANS": "ForQuestionAnswering",
}


def classifier(
    family: str, task: str, labels: int = 3, **more: Any
) -> tuple[Config, tuple[str, ...]]:
    """A small model's configuration with the head of a PEFT task, and names of its layers."""
    config, targets = FAMILIES[family]
    names = {str(label): f"label {label}" for label in range(labels)}
    return config | {"architectures": [family + HEADS[task]], "id2label": names} | more, targets
