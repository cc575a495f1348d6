"""Public cases: what people trained, and the numbers that PEFT printed or saved for them.

`line` is that of `print_trainable_parameters`: trainable, all, percent. Where an old version of
PEFT printed something else, the line is the one that PEFT 0.21.2 prints for the same settings.
Models that the catalogue lacks have the sizes that their `config.json` publishes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.classifiers import ROBERTA_BASE

ATTENTION_AND_MLP = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj"

# google/vit-base-patch16-224-in21k with the 101 labels of Food-101
VIT_FOOD101 = {
    "model_type": "vit",
    "architectures": ["ViTForImageClassification"],
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "image_size": 224,
    "patch_size": 16,
    "id2label": {str(label): str(label) for label in range(101)},
}
# google/gemma-3-270m
GEMMA3_270M = {
    "model_type": "gemma3_text",
    "architectures": ["Gemma3ForCausalLM"],
    "vocab_size": 262_144,
    "hidden_size": 640,
    "intermediate_size": 2048,
    "num_hidden_layers": 18,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "head_dim": 256,
}
# openai/gpt-oss-20b
GPT_OSS_20B = {
    "model_type": "gpt_oss",
    "architectures": ["GptOssForCausalLM"],
    "vocab_size": 201_088,
    "hidden_size": 2880,
    "intermediate_size": 2880,
    "num_hidden_layers": 24,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "num_local_experts": 32,
    "num_experts_per_tok": 4,
    "sliding_window": 128,
}
# facebook/opt-350m
OPT_350M = {
    "model_type": "opt",
    "architectures": ["OPTForCausalLM"],
    "vocab_size": 50_272,
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "ffn_dim": 4096,
    "num_attention_heads": 16,
    "max_position_embeddings": 2048,
    "word_embed_proj_dim": 512,
    "do_layer_norm_before": False,
}


@dataclass(frozen=True)
class PublicCase:
    """One case: its settings by their names in links, and what is known of its adapter."""

    name: str
    source: str
    settings: dict[str, Any]
    config: dict[str, Any] | None = None
    line: tuple[int, int, float] | None = None
    file_bytes: int | None = None
    said: tuple[str, ...] = field(default=())


CASES = (
    PublicCase(
        "qwen2.5-7b, every linear layer",
        "https://github.com/hiyouga/LlamaFactory/issues/5539",
        {"model": "qwen2.5-7b", "rank": 8, "target_modules": "all-linear"},
        line=(20_185_088, 7_635_801_600, 0.2643),
    ),
    PublicCase(
        "gemma-2-2b, embedding and head saved",
        "https://github.com/unslothai/unsloth/issues/1578",
        {
            "model": "gemma-2-2b",
            "rank": 16,
            "target_modules": ATTENTION_AND_MLP,
            "modules_to_save": "embed_tokens,lm_head",
        },
        line=(1_200_414_720, 3_814_756_608, 31.4677),
        said=("share one weight",),
    ),
    PublicCase(
        "llama-7b, resized vocabulary",
        "https://github.com/ymcui/Chinese-LLaMA-Alpaca/issues/189",
        {"model": "llama-2-7b", "rank": 8, "target_modules": "q_proj,v_proj", "vocab_size": 49954},
        line=(4_194_304, 6_889_689_088, 0.0609),
    ),
    PublicCase(
        "llama-7b, resized vocabulary, embedding and head saved",
        "https://github.com/ymcui/Chinese-LLaMA-Alpaca/issues/189",
        {
            "model": "llama-2-7b",
            "rank": 8,
            "target_modules": ATTENTION_AND_MLP,
            "modules_to_save": "embed_tokens,lm_head",
            "vocab_size": 49954,
        },
        line=(429_211_648, 7_314_706_432, 5.8678),
    ),
    PublicCase(
        "mistral-7b, two names to save in one",
        "a public adapter_config.json and its adapter_model.safetensors",
        {
            "model": "mistral-7b",
            "rank": 8,
            "target_modules": "q_proj,k_proj,v_proj",
            "modules_to_save": ["embed_tokens,lm_head"],
        },
        file_bytes=18_899_856,
        said=("“embed_tokens,lm_head” is one name with a comma in it",),
    ),
    PublicCase(
        "opt-350m, three layers",
        "https://github.com/huggingface/peft/pull/429",
        {"rank": 16, "target_modules": "q_proj,v_proj", "layers_to_transform": [0, 1, 2]},
        config=OPT_350M,
        line=(196_608, 331_393_024, 0.0593),
    ),
    PublicCase(
        "qwen2.5-0.5b, a layer of another rank",
        "computed with PEFT 0.21.2",
        {
            "model": "qwen2.5-0.5b",
            "rank": 8,
            "target_modules": "q_proj,v_proj",
            "rank_pattern": {r"layers\.3\..*q_proj": 32},
        },
        line=(583_680, 494_616_448, 0.1180),
    ),
    PublicCase(
        "vit, food-101",
        "https://huggingface.co/docs/peft/task_guides/image_classification_lora",
        {"rank": 16, "target_modules": "q_proj,v_proj", "modules_to_save": "classifier"},
        config=VIT_FOOD101,
        line=(667_493, 86_543_818, 0.7713),
    ),
    PublicCase(
        "gpt-oss-20b, experts of three blocks",
        "https://cookbook.openai.com/articles/gpt-oss/fine-tune-transfomers",
        {
            "rank": 8,
            "target_modules": "all-linear",
            "target_parameters": [
                f"{block}.mlp.experts.{name}"
                for block in (7, 15, 23)
                for name in ("gate_up_proj", "down_proj")
            ],
        },
        config=GPT_OSS_20B,
        line=(15_040_512, 20_929_797_696, 0.0719),
    ),
    PublicCase(
        "gpt-oss-20b, every linear layer",
        "computed with PEFT 0.21.2",
        {"rank": 8, "target_modules": "all-linear"},
        config=GPT_OSS_20B,
        line=(3_981_312, 20_918_738_496, 0.0190),
        said=("Experts are 91 % of this model",),
    ),
    PublicCase(
        "llama-2-7b, two classes",
        "a blog on LoRA for sequence classification; older PEFT counted the head twice",
        {
            "model": "llama-2-7b",
            "rank": 16,
            "target_modules": "q_proj,v_proj",
            "task_type": "SEQ_CLS",
            "num_labels": 2,
        },
        line=(8_396_800, 6_615_748_608, 0.1269),
    ),
    PublicCase(
        "roberta-large, eleven labels for tokens",
        "https://huggingface.co/docs/peft/task_guides/token-classification-lora",
        {
            "rank": 16,
            "target_modules": "query,value",
            "bias": "all",
            "task_type": "TOKEN_CLS",
            "num_labels": 11,
        },
        config=ROBERTA_BASE
        | {
            "hidden_size": 1024,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "intermediate_size": 4096,
        },
        line=(1_855_499, 355_905_558, 0.5213),
    ),
    PublicCase(
        "vit, food-101, by its task",
        "https://huggingface.co/docs/peft/task_guides/image_classification_lora",
        {
            "rank": 16,
            "target_modules": "q_proj,v_proj",
            "modules_to_save": "classifier",
            "task_type": "IMAGE_CLS",
            "num_labels": 101,
        },
        config={
            key: value
            for key, value in VIT_FOOD101.items()
            if key not in ("architectures", "id2label")
        },
        line=(667_493, 86_543_818, 0.7713),
    ),
    PublicCase(
        "gemma-3-270m, embedding saved",
        "https://github.com/huggingface/peft/issues/2898",
        {
            "rank": 16,
            "target_modules": "q_proj,v_proj",
            "modules_to_save": "embed_tokens",
            "base_dtype": "bfloat16",
        },
        config=GEMMA3_270M,
        line=(168_509_440, 436_607_616, 38.5952),
        file_bytes=338_503_024,
        said=("share one weight",),
    ),
)
