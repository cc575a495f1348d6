"""The layer map page: PEFT's counts, and the drawing that the browser gets."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.application import opened

open_page = partial(opened, "layer_map")


def words_of(app: AppTest) -> str:
    """All prose of the page, on one line."""
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.latex))


def drawings(app: AppTest) -> list[dict[str, Any]]:
    """The drawings that the component got, for a phone, a small and a large laptop."""
    components = (one.proto for one in app.get("bidi_component"))
    (picture,) = (one for one in components if one.component_name == "svg_picture")
    return json.loads(picture.json)["drawings"]


def test_the_explainer_s_block() -> None:
    app = open_page()
    words = words_of(app)
    assert "442,368 of 124,439,808 parameters" in words
    assert "`c_attn` 12 × 24,576 = **294,912**" in words
    assert "`attn.c_proj` 12 × 12,288 = **147,456**" in words
    assert "❄ `c_fc`, `mlp.c_proj`" in words
    for drawing in drawings(app):
        for line in ("A 8 × 768", "B 2,304 × 8", "B 768 × 8", "no LoRA here", "12 × GPT2 block"):
            assert line in drawing["svg"]


def test_conv1d_is_explained_where_there_is_one() -> None:
    assert "768 × 2,304 for `attn.c_attn`" in words_of(open_page())
    assert "Conv1D" not in words_of(open_page(model="opt-125m")).replace("`Conv1D`: `transf", "")


def test_counts_follow_rank_and_targets() -> None:
    app = open_page()
    app.select_slider(key="page:rank").set_value(16).run()
    assert "884,736 of 124,439,808 parameters" in words_of(app)
    app.multiselect(key="page:target_modules").set_value(["c_attn", "c_proj"]).run()
    assert f"{2 * 811_008:,} of 124,439,808 parameters" in words_of(app)
    assert "A 16 × 3,072" in drawings(app)[0]["svg"]


def test_the_block_of_the_link_is_opened() -> None:
    app = open_page(model="t5-base", block="decoder.block.3")
    assert not app.warning
    svg = drawings(app)[-1]["svg"]
    assert "decoder.block.3" in svg and "EncDecAttention.q" in svg
    assert app.selectbox(key="page:block").value == "decoder.block.3"
    app.selectbox(key="page:block").select("encoder.block.2").run()
    assert "EncDecAttention.q" not in drawings(app)[-1]["svg"]


def test_a_block_that_the_model_lacks_is_said() -> None:
    app = open_page(block="transformer.h.12")
    (message,) = app.warning
    assert "no block “transformer.h.12”" in message.value
    assert "transformer.h.0" in drawings(app)[0]["svg"]


def test_full_fine_tuning_is_said() -> None:
    assert "The method chosen is full fine-tuning" in words_of(open_page(method="full"))


@pytest.mark.parametrize(
    ("model", "shapes"),
    [
        ("mixtral-8x7b", ("W 8 × 28,672 × 4,096", "8 experts, stacked")),
        ("gpt-oss-20b", ("W 32 × 5,760 × 2,880", "stored 32×2,880×5,760", "32 experts, stacked")),
        ("whisper-large-v2", ("32 × Whisper block",)),
        ("llama-3.1-405b", ("126 × Llama block", "W 53,248 × 16,384")),
        ("phi-3-mini", ("W 9,216 × 3,072", "A 8 × 3,072")),
        ("roberta-base", ("tied to word_embeddings",)),
    ],
)
def test_other_families(model: str, shapes: tuple[str, ...]) -> None:
    svg = drawings(open_page(model=model))[-1]["svg"]
    assert all(shape in svg for shape in shapes)
    assert ("experts, stacked" in svg) == (model in ("mixtral-8x7b", "gpt-oss-20b"))


def test_the_table_has_every_layer_of_the_map() -> None:
    (table,) = open_page().dataframe
    layers = dict(zip(table.value["Layer"], table.value["Number"], strict=True))
    assert (layers["attn.c_attn"], layers["transformer.wte"]) == (12, 1)
    assert sum(table.value["Added by LoRA"]) == 442_368
