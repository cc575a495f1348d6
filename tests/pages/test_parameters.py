"""The parameters page: the explainer's counts, the trap in target names, and its controls."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.figures.kit.colours import colour
from tests.application import charts, opened

open_page = partial(opened, "parameters")


def words_of(app: AppTest) -> str:
    """All prose of the page, on one line."""
    assert not app.exception
    assert not app.error
    elements = (*app.markdown, *app.caption, *app.latex, *app.code)
    return " ".join(element.value for element in elements)


def chart(app: AppTest, number: int = 0) -> dict[str, Any]:
    """One chart of the page as plain data."""
    return charts(app)[number]


def notes(app: AppTest) -> list[str]:
    """Every word in the first chart."""
    return [note["text"] for note in chart(app)["layout"]["annotations"]]


def test_the_explainer_s_model() -> None:
    app = open_page()
    words = words_of(app)
    assert "0.355\u202f%" in words
    assert "442,368 of 124,439,808 parameters" in words
    assert "trainable params: 442,368 || all params: 124,882,176 || trainable%: 0.3542" in words
    for number in ("1,769,472", "24,576", "589,824", "12,288", "36,864", "124,439,808"):
        assert number in notes(app)


def test_the_trap_is_told_with_both_counts() -> None:
    words = words_of(open_page())
    assert "442,368 + 12 × 30,720 = 811,008" in words
    assert "`c_proj` also matches `mlp.c_proj`" in words
    assert "§5 counts 811,008 (0.65\u202f%)" in words


def test_the_switch_counts_the_short_name() -> None:
    app = open_page()
    app.toggle(key="page:short_target").set_value(True).run()
    words = words_of(app)
    assert "811,008 of 124,439,808 parameters" in words
    assert "“c_proj” matches 2 kinds of layer: attn.c_proj, mlp.c_proj." in words
    assert "trainable%: 0.6475" in words
    assert "30,720" in notes(app)
    lit = [bar for bar in chart(app, 1)["data"] if bar["marker"]["color"] == colour("B")]
    assert len(lit) == 3


def test_short_names_in_the_scenario_need_no_switch() -> None:
    app = open_page(targets="c_attn,c_proj")
    assert "442,368 + 12 × 30,720 = 811,008" in words_of(app)
    assert "page:short_target" not in [toggle.key for toggle in app.toggle]


def test_the_rank_multiplies_the_adapter() -> None:
    app = open_page()
    app.select_slider(key="page:rank").set_value(16).run()
    assert "884,736 of 124,439,808 parameters" in words_of(app)
    assert "at r = 8 the explainer" in words_of(app).lower()


def test_the_axis_can_be_changed() -> None:
    app = open_page()
    assert chart(app)["layout"]["xaxis"]["type"] == "linear", "true to scale first"
    assert "Drawn to scale" in words_of(app)
    app.button_group(key="page:axis").set_value("log").run()
    assert chart(app)["layout"]["xaxis"]["type"] == "log"
    assert "Not to scale" in words_of(app)


def test_full_fine_tuning_trains_everything() -> None:
    words = words_of(open_page(method="full"))
    assert "100\u202f%" in words
    assert "all 124,439,808 parameters" in words


def test_magnitudes_and_biases_are_parts_of_their_own() -> None:
    words = words_of(open_page(dora="1", bias="lora_only"))
    assert "🔥 magnitude" in words
    assert "🔥 biases" in words
    assert r"\textcolor{#F0C808}{2{,}304}" in words


@pytest.mark.parametrize(
    ("model", "targets", "sentence"),
    [
        ("llama-3.2-1b", "q_proj,v_proj", "nothing to mix up"),
        ("t5-base", "q,v", "“q” matches 2 kinds of layer"),
        ("bert-base", "attention.output.dense", "also matches `intermediate.dense`"),
        ("gpt2", "all-linear", "every linear layer but"),
        ("gpt2", "wte", "outside the model's blocks"),
    ],
)
def test_what_the_story_says_about_other_names(model: str, targets: str, sentence: str) -> None:
    assert sentence in words_of(open_page(model=model, targets=targets))


def test_the_table_has_a_row_for_each_adapted_module() -> None:
    table = open_page().dataframe[0].value
    assert len(table) == 24
    assert sum(table["Trained"]) == 442_368
    assert table["Percent of W"].iloc[1] == pytest.approx(100 * 12_288 / 589_824)
