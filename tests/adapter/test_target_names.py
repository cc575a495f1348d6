"""Full and short target names, and what only the short ones match."""

from __future__ import annotations

from typing import Literal

import pytest

from lora_viz.adapter.counts import count_kinds
from lora_viz.adapter.target_names import TargetNames, names_to_compare, only_in, shortened
from lora_viz.choices.scenario import Scenario
from lora_viz.questions import kept
from lora_viz.questions.ask_for import adapter_of


def test_names_are_cut_to_their_last_part_once() -> None:
    assert shortened(("c_attn", "attn.c_proj")) == ("c_attn", "c_proj")
    assert shortened(("attn.c_proj", "mlp.c_proj")) == ("c_proj",)


def test_a_number_is_no_name() -> None:
    assert shortened(("experts.0",)) == ("experts.0",)


def test_names_are_compared_from_the_full_and_from_the_short_ones() -> None:
    both = TargetNames(("c_attn", "attn.c_proj"), ("c_attn", "c_proj"))
    assert names_to_compare(Scenario()) == both
    assert names_to_compare(Scenario(target_modules=both.short)) == both


def test_there_is_nothing_to_compare_for_short_names_and_patterns() -> None:
    assert names_to_compare(Scenario.make({"model": "llama-3.2-1b"})) is None
    assert names_to_compare(Scenario(target_modules=(r".*attn\.c_.*",))) is None
    assert names_to_compare(Scenario(target_modules=("all-linear",))) is None


def test_the_short_name_alone_matches_the_feed_forward_projection() -> None:
    full, short = (
        kept.compute(adapter_of(Scenario(model="gpt2", target_modules=targets)))
        for targets in (("c_attn", "attn.c_proj"), ("c_attn", "c_proj"))
    )
    assert [module.name for module in only_in(short, full).modules] == [
        f"transformer.h.{block}.mlp.c_proj" for block in range(12)
    ]


@pytest.mark.parametrize("bias", ["none", "all", "lora_only"])
def test_what_only_the_short_name_trains_is_the_difference(
    bias: Literal["none", "all", "lora_only"],
) -> None:
    """With all biases trained, those of the layers that come in are trained already."""
    full, short = (
        kept.compute(
            adapter_of(Scenario(model="gpt2", target_modules=targets, bias=bias, dora=True))
        )
        for targets in (("c_attn", "attn.c_proj"), ("c_attn", "c_proj"))
    )
    (kind,) = count_kinds(only_in(short, full), 8)
    difference = short.trainable_parameters(8) - full.trainable_parameters(8)
    assert kind.trainable == difference
