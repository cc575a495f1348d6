"""The page "Full fine-tuning or LoRA": the explainer's numbers, and what the controls change."""

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from tests.application import charts, opened

THIN_SPACE = "\u202f"


open_page = partial(opened, "full_or_lora")


def words(app: AppTest) -> str:
    """Everything that the page says, with plain spaces."""
    said = [element.value for element in (*app.main.markdown, *app.main.caption)]
    return "\n".join(said).replace(THIN_SPACE, " ")


def bar_lengths(app: AppTest) -> list[float]:
    """The lengths of the two bars in bytes."""
    bars = charts(app)[2]["data"]
    return [sum(bar["x"][0] for bar in bars if bar["y"] == [row]) for row in (0, 1)]


def test_the_explainers_layer_shows_both_reductions():
    said = words(open_page())
    assert "9.44 MB → 196.6 KB, **97.92 % less**" in said
    assert "9.44 MB → 2.56 MB, **72.92 % less**" in said
    assert '<div class="key-number">97.92 %</div>' in said


def test_counting_the_frozen_weight_changes_the_number_and_the_bar():
    app = open_page()
    assert bar_lengths(app) == [9_437_184, 196_608]
    app.toggle(key="page:count_frozen").set_value(True).run()
    assert '<div class="key-number">72.92 %</div>' in words(app)
    assert bar_lengths(app) == [9_437_184, 2_555_904]


def test_the_rank_changes_what_lora_keeps():
    app = open_page()
    app.select_slider(key="page:rank").set_value(16).run()
    assert bar_lengths(app) == [9_437_184, 2 * 196_608]


def test_any_layer_can_be_picked():
    app = open_page(layer="transformer.h.0.attn.c_attn")
    assert "1,769,472 values trained" in words(app)
    assert "24,576 values trained (1.39 %)" in words(app)
    app = open_page(layer="transformer.h.0.mlp.c_fc")
    assert "Your target modules leave this layer as it is." in words(app)


def test_dora_sgd_and_the_dtypes_are_counted():
    app = open_page(dora="1", optimizer="sgd", base_dtype="bfloat16")
    assert bar_lengths(app) == [2 * 589_824 * 2, 2 * (12_288 + 768) * 4]


def test_a_rank_above_break_even_is_said_to_cost_more():
    said = words(open_page(rank="1024"))
    assert "166.67 % more" in said
    assert "At this rank LoRA trains more values than W has." in said


@pytest.mark.parametrize("method", ["full", "qlora"])
def test_other_methods_are_told_apart(method: str):
    said = words(open_page(method=method))
    sentence = {"full": "Your method is full fine-tuning", "qlora": "QLoRA stores the frozen W"}
    assert sentence[method] in said
