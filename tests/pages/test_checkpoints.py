"""The checkpoint page: its numbers against measured ones, and that controls change them."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.format import THIN_SPACE
from tests.application import charts, opened

open_page = partial(opened, "checkpoints")


def words_of(app: AppTest) -> str:
    """All prose of the page, on one line, with plain spaces before units."""
    assert not app.exception
    words = " ".join(element.value for element in (*app.markdown, *app.caption, *app.latex))
    return words.replace(THIN_SPACE, " ")


def longest_axis(app: AppTest, chart: int) -> float:
    """Where a chart's axis ends, in bytes."""
    return charts(app)[chart]["layout"]["xaxis"]["range"][1]


def test_the_explainer_s_training_checkpoint() -> None:
    """The measured sizes in `tests/test_checkpoint.py`, and 9.35 MiB of both together."""
    words = words_of(open_page(targets="c_attn,c_proj"))
    for number in ("3,253,104 B", "6,547,275 B", "9.80 MB", "9.35 MiB", "497,774,208 B"):
        assert number in words
    assert "0.65 % of the full model's" in words


def test_five_adapters_against_five_full_models() -> None:
    words = words_of(open_page())
    assert "497.8 MB + 5 × 1.78 MB = 506.7 MB" in words
    assert "500 MB + 5 × 9.4 MB = 547 MB" in words
    assert "500 MB × 6 = 3,000 MB" in words
    assert "5 × 500 MB = 2,500 MB" in words


def test_the_tasks_slider_lengthens_the_second_chart() -> None:
    app = open_page()
    before = longest_axis(app, 1)
    app.slider(key="page:tasks").set_value(9).run()
    assert longest_axis(app, 1) == pytest.approx(before / 6 * 10)
    assert app.query_params["tasks"] == "9"


def test_halving_the_adapter_s_dtype_halves_its_values() -> None:
    app = open_page()
    assert r"147{,}456} \cdot 4" in words_of(app)
    app.segmented_control(key="page:adapter_dtype").set_value("bfloat16").run()
    assert r"147{,}456} \cdot 2" in words_of(app)
    assert "of the full model's 497,774,208 B" in words_of(app)


def test_full_fine_tuning_saves_the_whole_model_and_its_state() -> None:
    words = words_of(open_page(method="full"))
    assert "497,774,208 B, for every task" in words
    assert "995,638,603 B of optimizer state" in words
    assert "Your method is full fine-tuning" in words


@pytest.mark.parametrize(
    "query",
    [
        {"model": "t5-base", "dora": "1"},
        {"model": "bert-base", "bias": "all"},
        {"rank": "1", "tasks": "1000"},
        {"rank": "1024", "targets": "all-linear"},
        {"method": "qlora", "optimizer": "sgd"},
    ],
    ids=str,
)
def test_other_scenarios_show_three_charts_and_a_table(query: dict[str, str]) -> None:
    app = open_page(**query)
    assert not app.exception and not app.error
    assert len(charts(app)) == 3
    assert len(app.dataframe[0].value) == 3
