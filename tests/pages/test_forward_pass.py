"""The forward-pass page: the explainer's shapes and scaling, PEFT's layer, the merge."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.questions import workers
from tests.application import charts, opened

SMALL = "custom:2x64x4x256x128"


open_page = partial(opened, "forward_pass")


def words_of(app: AppTest) -> str:
    """All prose of the page, on one line."""
    assert not app.exception
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.latex))


def labels_of(app: AppTest) -> str:
    """The words in the picture."""
    return " ".join(label["text"] for label in chart(app)["layout"]["annotations"])


def chart(app: AppTest) -> dict[str, Any]:
    assert not app.exception
    return charts(app)[0]


def difference(app: AppTest) -> float:
    """The key number as a number."""
    card = next(element.value for element in app.markdown if "key-number" in element.value)
    shown = card.split(">")[1].split("<")[0]
    digits, _times, power = shown.partition(" × 10")
    return float(digits) * 10.0 ** int(
        power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0
    )


def test_the_explainer_s_shapes_and_scaling() -> None:
    app = open_page(step="2")
    labels = labels_of(app)
    for shape in ("768×768", "8×768", "768×8", "4×768", "4×8"):
        assert f">{shape} ·" in labels
    assert "<b>× 2</b>" in labels
    assert r"\frac{16}{8} = 2" in words_of(app)
    assert "temp is 4×8" in words_of(app)
    assert "Conv1D" in words_of(app)


@pytest.mark.parametrize("variant", [{}, {"dora": "1"}, {"rslora": "1"}])
@pytest.mark.parametrize("step", ["all", "merged"])
def test_the_result_is_pefts_and_the_merged_weights(variant: dict[str, str], step: str) -> None:
    assert difference(open_page(model=SMALL, step=step, **variant)) < 1e-5


def test_rank_alpha_and_batch_change_the_numbers() -> None:
    app = open_page(model=SMALL)
    first = words_of(app)
    app.number_input(key="page:batch_size").set_value(7).run()
    assert ">7×64 ·" in labels_of(app)
    app.select_slider(key="page:rank").set_value(2).run()
    assert ">2×64 ·" in labels_of(app) and "<b>× 8</b>" in labels_of(app)
    app.number_input(key="sidebar:alpha").set_value(3).run()
    assert "<b>× 1.5</b>" in labels_of(app)
    assert words_of(app) != first


def test_at_the_start_the_adapter_adds_nothing() -> None:
    app = open_page(model=SMALL)
    assert "20 real AdamW steps" in words_of(app)
    app.slider(key="page:forward_steps").set_value(0).run()
    assert "B is zero" in words_of(app)
    assert "h_lora = B·(A·x)</b><br><span" in labels_of(app) and "4×64 · ±0<" in labels_of(app)


def test_the_batch_s_rows_can_be_fewer_in_the_picture() -> None:
    app = open_page(model=SMALL, **{"rows-shown": "2"})
    heights = {trace["z"]["shape"] for trace in chart(app)["data"] if trace["type"] == "heatmap"}
    assert "2, 48" in heights and "4, 48" not in heights
    assert ">4×64 ·" in labels_of(app)


def test_steps_are_drawn_one_at_a_time() -> None:
    drawn = {
        step: [
            trace
            for trace in chart(open_page(model=SMALL, step=step))["data"]
            if trace["type"] == "heatmap"
        ]
        for step in ("1", "2", "3", "all")
    }
    assert [len(drawn[step]) for step in drawn] == [3, 8, 9, 9]
    assert sum(trace["opacity"] == 1 for trace in drawn["2"]) == 6


def test_a_layer_that_is_too_large_offers_smaller_ones() -> None:
    app = open_page(model="llama-3.1-405b", layer="model.layers.0.self_attn.q_proj")
    assert not app.exception and not charts(app)
    assert "268,435,456 values" in app.info[0].value
    assert "self_attn.k_proj, self_attn.v_proj." in app.info[0].value


def test_a_model_of_nothing_but_large_layers_is_told_so() -> None:
    app = open_page(model="custom:1x16384x1x50257x128")
    assert not app.exception and not charts(app)
    assert app.info[0].value.endswith(
        "All linear layers of this model are larger; choose another model."
    )


def test_the_method_chosen_is_told() -> None:
    assert "Full fine-tuning has no A and B" in words_of(open_page(model=SMALL, method="full"))
    other = open_page(model=SMALL, layer="transformer.h.0.mlp.c_fc")
    assert "Your target modules leave this layer as it is" in words_of(other)


def test_another_step_asks_nothing_new_of_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(model=SMALL)
    monkeypatch.setattr(workers, "submit", pytest.fail)
    for step in ("1", "2", "3", "merged", "all"):
        app.segmented_control(key="page:step").set_value(step).run()
        assert not app.exception
