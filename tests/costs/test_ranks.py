"""What each rank costs, against the explainer's numbers and PEFT's own counts."""

from __future__ import annotations

import pytest

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.costs.ranks import rank_costs, rank_rows
from lora_viz.explainer import quotes
from lora_viz.models.architecture import Architecture
from lora_viz.questions import kept
from lora_viz.questions.ask_for import adapter_of, architecture_of
from lora_viz.ui.rank.words import compared_ranks

ATTENTION, SHORT = ("c_attn", "attn.c_proj"), ("c_attn", "c_proj")


@pytest.fixture(scope="module")
def gpt2() -> Architecture:
    return kept.ask(architecture_of("gpt2"))


def layout(*targets: str, dora: bool = False) -> AdapterLayout:
    return kept.ask(adapter_of(Scenario(model="gpt2", target_modules=targets, dora=dora)))


def test_the_explainer_s_parameters_per_layer(gpt2: Architecture) -> None:
    adapter = layout(*ATTENTION)
    rows = rank_rows(rank_costs(gpt2, adapter), adapter, (32, 16, 8, 4, 1), "float32", "float32")
    assert [row.rank for row in rows] == [1, 4, 8, 16, 32]
    assert [row.in_block for row in rows] == [4_608, 18_432, 36_864, 73_728, 147_456]
    assert [quote.value for quote in quotes.PER_LAYER.values()] == [
        18_432,
        36_864,
        73_728,
        147_456,
    ]
    assert list(quotes.PER_LAYER) == [row.rank for row in rows[1:]]
    assert rows[2].in_model == 442_368
    assert rows[2].share == pytest.approx(442_368 / 124_439_808)


def test_the_mlp_s_projection_changes_them(gpt2: Architecture) -> None:
    adapter = layout(*SHORT)
    costs = rank_costs(gpt2, adapter)
    rows = rank_rows(costs, adapter, (4, 8, 16, 32), "float32", "float32")
    assert [row.in_block for row in rows] == [33_792, 67_584, 135_168, 270_336]
    # measured: the file that PEFT writes for 811,008 values
    assert (rows[1].in_model, rows[1].file_bytes) == (811_008, 3_253_104)


def test_break_even_is_where_a_and_b_are_as_large_as_w(gpt2: Architecture) -> None:
    costs = rank_costs(gpt2, layout(*ATTENTION))
    assert costs.adapted_weights == 12 * (768 * 2304 + 768 * 768)
    assert costs.break_even == 512
    assert costs.in_model.at(512) == costs.adapted_weights
    assert rank_costs(gpt2, layout("attn.c_proj")).break_even == 384


def test_magnitudes_do_not_grow_with_the_rank(gpt2: Architecture) -> None:
    costs = rank_costs(gpt2, layout(*ATTENTION, dora=True))
    assert costs.in_model.constant == {"magnitude": 12 * (2304 + 768)}
    assert costs.in_model.slope == 12 * 4_608
    for rank in (1, 8, 100):
        assert costs.in_model.at(rank) == layout(*ATTENTION, dora=True).trainable_parameters(rank)


def test_layers_outside_of_blocks_have_no_block(gpt2: Architecture) -> None:
    costs = rank_costs(gpt2, layout("wte"))
    assert costs.block is None
    assert costs.in_block == costs.in_model


def test_an_other_rank_joins_the_explainer_s() -> None:
    assert compared_ranks(8) == [1, 4, 8, 16, 32]
    assert compared_ranks(12) == [1, 4, 8, 12, 16, 32]
    assert [stated.stars for stated in quotes.RANKS] == [1, 3, 4, 5, 5]
