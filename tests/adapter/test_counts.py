"""Counts by kind, by block and for the whole model, against figures worked out by hand."""

from __future__ import annotations

from typing import Literal

import pytest

from lora_viz.adapter.counts import (
    count_blocks,
    count_kinds,
    count_layers,
    count_model,
    count_modules,
    line_of_peft,
    most_adapted_block,
)
from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.models.architecture import Architecture
from lora_viz.questions import kept
from lora_viz.questions.ask_for import adapter_of, architecture_of

Read = tuple[Architecture, AdapterLayout]


def read(
    model: str,
    *targets: str,
    bias: Literal["none", "all", "lora_only"] = "none",
    dora: bool = False,
) -> Read:
    """A model's layers and its adapter."""
    return (
        kept.compute(architecture_of(model)),
        kept.compute(
            adapter_of(Scenario(model=model, target_modules=targets, bias=bias, dora=dora))
        ),
    )


@pytest.fixture(scope="module")
def gpt2() -> Read:
    return read("gpt2", "c_attn", "attn.c_proj")


def test_the_explainer_s_counts_for_each_kind_of_layer(gpt2: Read) -> None:
    """§5: 1,769,472 against 24,576 (1.4 %), 589,824 against 12,288 (2.1 %)."""
    attention, projection = count_kinds(gpt2[1], rank=8)
    assert (attention.name, attention.modules) == ("attn.c_attn", 12)
    assert (attention.one.full, attention.one.trainable) == (1_769_472, 24_576)
    assert attention.one.share == pytest.approx(0.014, abs=5e-4)
    assert (projection.one.full, projection.one.trainable) == (589_824, 12_288)
    assert projection.one.share == pytest.approx(0.021, abs=5e-4)


@pytest.mark.parametrize(("rank", "trainable"), [(4, 18_432), (8, 36_864), (32, 147_456)])
def test_the_explainer_s_counts_for_a_block(gpt2: Read, rank: int, trainable: int) -> None:
    """§6; a block of GPT-2 small has 12 · 768² + 13 · 768 parameters."""
    (block,) = count_blocks(*gpt2, rank=rank)
    assert (block.name, block.alike) == ("transformer.h.0", 12)
    assert block.count.trainable == trainable
    assert block.count.full == 12 * 768**2 + 13 * 768


def test_the_whole_model_and_the_line_that_peft_prints(gpt2: Read) -> None:
    model = count_model(gpt2[1], 8)
    assert (model.full, model.trainable) == (124_439_808, 442_368)
    assert line_of_peft(gpt2[1], 8) == (
        "trainable params: 442,368 || all params: 124,882,176 || trainable%: 0.3542"
    )


def test_the_short_name_adds_the_feed_forward_projection() -> None:
    """§5's 811,008 = 442,368 + 12 · 8 · (3,072 + 768)."""
    kinds = count_kinds(read("gpt2", "c_attn", "c_proj")[1], rank=8)
    assert [kind.trainable for kind in kinds] == [294_912, 147_456, 12 * 8 * (3072 + 768)]
    assert sum(kind.trainable for kind in kinds) == 811_008


def test_magnitudes_and_biases_are_parts_of_their_own() -> None:
    architecture, layout = read("gpt2", "c_attn", bias="all", dora=True)
    (kind,) = count_kinds(layout, 8)
    assert kind.one.parts == {"A": 6144, "B": 18_432, "magnitude": 2304, "bias": 2304}
    biases_of_a_block = 2304 + 768 + 3072 + 768 + 2 * 768
    (block,) = count_blocks(architecture, layout, 8)
    assert block.count.parts["bias"] == biases_of_a_block
    assert count_model(layout, 8).parts["bias"] == 12 * biases_of_a_block + 768


def test_blocks_that_differ_are_counted_apart() -> None:
    """A decoder block of T5 has two attentions, an encoder block one."""
    encoder, decoder = count_blocks(*read("t5-base", "q", "v"), rank=8)
    assert (encoder.name, encoder.alike) == ("encoder.block.0", 12)
    assert (decoder.name, decoder.alike) == ("decoder.block.0", 12)
    assert decoder.count.trainable == 2 * encoder.count.trainable == 4 * 8 * (768 + 768)


def test_fused_experts_count_with_all_their_matrices() -> None:
    """Mixtral: 8 experts, each with gate, up and down of 4,096 × 14,336."""
    architecture, layout = read("mixtral-8x7b", "w1", "w2", "w3")
    assert sum(kind.one.full for kind in count_kinds(layout, 8)) == (8 * 3 * 4096 * 14_336)
    assert most_adapted_block(layout) == "model.layers.0"
    layers = count_layers(architecture, layout, 8, "model.layers.0")
    experts = {layer.module_type: count for layer, count in layers}["mlp.experts"]
    assert experts.full == 8 * 3 * 4096 * 14_336
    assert experts.trainable * 32 == layout.trainable_parameters(8)


def test_modules_add_up_to_what_peft_counts_as_trainable() -> None:
    _architecture, layout = read("bert-base", "all-linear", bias="lora_only")
    counts = count_modules(layout, 5)
    assert sum(count.trainable for count in counts.values()) == layout.trainable_parameters(5)


def test_layers_outside_of_blocks_belong_to_no_block() -> None:
    architecture, layout = read("gpt2", "wte")
    assert count_blocks(architecture, layout, 8) == []
    assert most_adapted_block(layout) is None
    assert count_kinds(layout, 8)[0].one.full == 50_257 * 768


def test_an_adapted_embedding_is_among_its_block_s_layers() -> None:
    architecture, layout = read("t5-base", "relative_attention_bias")
    block = most_adapted_block(layout)
    assert block == "encoder.block.0"
    adapted = [
        layer.kind for layer, count in count_layers(architecture, layout, 8, block) if count.parts
    ]
    assert adapted == ["Embedding"]
