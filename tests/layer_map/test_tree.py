"""The model as a picture: nothing lost, equal blocks together, A and B where PEFT puts them."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.layer_map.mapped_layer import MappedLayer
from lora_viz.layer_map.tree import LayerTree, Stack, build_layer_tree
from lora_viz.models.architecture import Architecture
from lora_viz.models.catalogue import catalogue, default_targets
from lora_viz.models.source import store_upload
from lora_viz.questions.ask_for import adapter_of, architecture_of, model_files_of
from lora_viz.questions.kept import compute

Bias = Literal["none", "all", "lora_only"]
# the first model of each family, which is its smallest
FAMILIES = {entry.family: entry.key for entry in reversed(catalogue().values())}


def tree_of(model: str, *targets: str, bias: Bias = "none") -> LayerTree:
    return build_layer_tree(*parts_of(model, *targets, bias=bias))


def parts_of(model: str, *targets: str, bias: Bias = "none") -> tuple[Architecture, AdapterLayout]:
    chosen = targets or default_targets(model)
    layout = compute(adapter_of(Scenario(model=model, target_modules=chosen, bias=bias)))
    return compute(architecture_of(model)), layout


def outline(tree: LayerTree) -> list[str | int]:
    """Labels of the layers outside of blocks, and for each group how many blocks it has."""
    found: list[str | int] = []
    for item in tree.items:
        if isinstance(item, Stack):
            found += [len(group.names) for group in item.groups]
        else:
            found.append(item.label)
    return found


def labels(layers: tuple[MappedLayer, ...]) -> list[str]:
    return [layer.label for layer in layers]


@pytest.mark.parametrize("model", FAMILIES.values(), ids=FAMILIES)
def test_no_parameter_and_no_adapter_is_lost(model: str) -> None:
    architecture, layout = parts_of(model, bias="all")
    tree = build_layer_tree(architecture, layout)
    blocks = sum(len(group.names) * group.first.parameters for group in tree.groups)
    outside = [item for item in tree.items if isinstance(item, MappedLayer)]
    assert blocks + sum(item.layer.parameters for item in outside) == architecture.total_parameters
    inside = [
        (len(group.names), layer)
        for group in tree.groups
        for layer in (*group.first.layers, *group.first.small)
    ]
    added = sum(
        number * layer.copies * layer.added_parameters(8)
        for number, layer in [*inside, *((1, item) for item in outside)]
    )
    assert added == layout.added_parameters(8)
    assert sum(number * layer.layer.parameters * layer.copies for number, layer in inside) == blocks
    names = tuple(name for group in tree.groups for name in group.names)
    assert sorted(names) == sorted(architecture.blocks)


def test_the_explainer_s_block() -> None:
    tree = tree_of("gpt2")
    assert tree.family == "GPT2"
    assert outline(tree) == ["wte", "wpe", 12, "ln_f", "lm_head"]
    attention, feed_forward = tree.groups[0].first.parts
    (c_attn,), (c_proj,) = attention.inputs, attention.outputs
    assert (c_attn.label, c_attn.shape, c_attn.layer.weight_shape) == (
        "c_attn",
        (2304, 768),
        (768, 2304),
    )
    shapes = [tensor.shape_at(8) for tensor in c_attn.adapters[0].tensors]
    assert shapes == [(8, 768), (2304, 8)]
    assert c_proj.label == "attn.c_proj" and c_proj.adapters
    assert labels(feed_forward.inputs + feed_forward.outputs) == ["c_fc", "mlp.c_proj"]
    assert not feed_forward.is_adapted
    assert tree.groups[0].first.trainable_parameters(8) == 36_864


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            "opt-125m",
            ["embed_tokens", "embed_positions", 12, "decoder.final_layer_norm", "lm_head"],
        ),
        ("gemma-2-2b", ["embed_tokens", 26, "norm", "lm_head"]),
        ("llama-3.1-405b", ["embed_tokens", 126, "norm", "lm_head"]),
        (
            "roberta-base",
            [
                *("word_embeddings", "token_type_embeddings", "position_embeddings"),
                "embeddings.LayerNorm",
                12,
                *("lm_head", "lm_head.dense", "layer_norm", "decoder"),
            ],
        ),
        (
            "t5-base",
            [
                *("shared", "encoder.embed_tokens", 1, 11, "encoder.final_layer_norm"),
                *("decoder.embed_tokens", 1, 11, "decoder.final_layer_norm", "lm_head"),
            ],
        ),
    ],
)
def test_the_order_from_embedding_to_head(model: str, expected: list[str | int]) -> None:
    assert outline(tree_of(model)) == expected


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        (
            "opt-125m",
            [("attention", 3, ["out_proj"]), ("feed_forward", 1, ["fc2"])],
        ),
        ("pythia-160m", [("attention", 1, ["dense"]), ("feed_forward", 1, ["dense_4h_to_h"])]),
        ("phi-3-mini", [("attention", 1, ["o_proj"]), ("feed_forward", 1, ["down_proj"])]),
        ("qwen3-8b", [("attention", 3, ["o_proj"]), ("feed_forward", 2, ["down_proj"])]),
        ("mixtral-8x7b", [("attention", 3, ["o_proj"]), ("feed_forward", 2, [])]),
        (
            "bert-base",
            [
                ("attention", 3, ["attention.output.dense"]),
                ("feed_forward", 1, ["output.dense"]),
            ],
        ),
    ],
)
def test_the_parts_of_a_block(model: str, parts: list[tuple[str, int, list[str]]]) -> None:
    found = tree_of(model).groups[0].first.parts
    assert [(part.role, len(part.inputs), labels(part.outputs)) for part in found] == parts


def test_a_decoder_with_an_encoder_has_two_attentions() -> None:
    decoder = tree_of("t5-base").stacks[1].groups[1].first
    assert [part.role for part in decoder.parts] == ["attention", "cross_attention", "feed_forward"]
    assert labels(decoder.parts[1].inputs) == [f"EncDecAttention.{name}" for name in "qkv"]


def test_blocks_with_and_without_an_adapter_stand_apart() -> None:
    tree = tree_of("gpt2", r".*h\.(0|2|4)\.attn\.c_attn")
    assert outline(tree) == ["wte", "wpe", 3, 9, "ln_f", "lm_head"]
    assert tree.groups[0].names[1] == "transformer.h.2"
    assert tree.group_of("transformer.h.3") is tree.groups[1]
    assert tree.groups[1].block("transformer.h.3").name == "transformer.h.3"


def test_fused_experts_keep_their_two_adapters() -> None:
    (experts,) = (
        layer
        for layer in tree_of("mixtral-8x7b", "all-linear").groups[0].first.layers
        if layer.label == "experts"
    )
    assert len(experts.adapters) == 2 and experts.is_selectable


def test_trained_biases_belong_to_their_block() -> None:
    block = tree_of("gpt2", bias="all").groups[0].first
    biases = 768 + 2304 + 768 + 768 + 3072 + 768
    assert block.trainable_parameters(8) == 36_864 + biases


def test_a_kind_whose_name_ends_in_a_number_is_drawn() -> None:
    sizes = {"depths": [1, 2], "hidden_sizes": [8, 8], "num_stages": 2}
    model = store_upload(json.dumps({"model_type": "convnext", **sizes}))
    tree = build_layer_tree(*parts_of(model, "all-linear"))
    layers = [layer for group in tree.groups for layer in (*group.first.layers, *group.first.small)]
    assert any(layer.kind.endswith(".*") for layer in layers)
    assert not any(layer.label.startswith("*") for layer in layers)


def test_values_that_no_weights_are_have_no_size_and_one_sentence() -> None:
    sizes = {"depths": [1], "hidden_sizes": [8], "embedding_size": 8, "layer_type": "basic"}
    model = store_upload(json.dumps({"model_type": "resnet", **sizes}))
    with pytest.raises(UserError, match="kinds that are not sized here"):
        compute(model_files_of(Scenario(model=model)))


def test_what_peft_makes_of_all_linear_and_refuses_is_one_sentence() -> None:
    """`all-linear` becomes the ends of names, of which one is that of a whole block here."""
    block = {"num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 1}
    audio = {"d_model": 8, "encoder_layers": 1, "encoder_attention_heads": 1, "encoder_ffn_dim": 8}
    vision = {"depth": 1, "hidden_size": 8, "num_heads": 1, "out_hidden_size": 8}
    config = {
        "model_type": "qwen3_omni_moe_thinker",
        "text_config": {**block, "num_experts": 2, "head_dim": 8, "intermediate_size": 8},
        "audio_config": {**audio, "output_dim": 8},
        "vision_config": {**vision, "intermediate_size": 8, "deepstack_visual_indexes": [0]},
    }
    with pytest.raises(UserError, match="PEFT cannot adapt"):
        model = store_upload(json.dumps(config))
        compute(adapter_of(Scenario(model=model, target_modules=("all-linear",))))
