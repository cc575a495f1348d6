"""The decomposition page: the explainer's numbers, the break-even rank, the rebuilt example."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from streamlit.testing.v1 import AppTest

from lora_viz.format import percent
from lora_viz.training.runs.shipped import RECORDED
from lora_viz.training.update.by_torch import make_example
from tests.application import opened


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new, empty folder of runs."""
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    return tmp_path


SMALL = "custom:2x64x4x256x128"


open_page = partial(opened, "decomposition")


def words_of(app: AppTest) -> str:
    """All prose of the page, on one line."""
    assert not app.exception
    return " ".join(element.value for element in (*app.markdown, *app.caption, *app.latex))


def test_the_explainer_s_numbers() -> None:
    words = words_of(open_page())
    assert ">2.08\u202f%<" in words
    assert "97.92\u202f% fewer" in words
    assert "589,824 → 12,288: 48 times fewer" in words
    assert "At r = 384 B and A together are as large as ΔW" in words
    assert r"8 \cdot (768 + 768)" in words


def test_the_rank_moves_by_doubling() -> None:
    app = open_page()
    app.select_slider(key="page:rank").set_value(16).run()
    assert "589,824 → 24,576: 24 times fewer" in words_of(app)
    assert app.number_input(key="sidebar:rank").value == 16


@pytest.mark.parametrize(
    ("rank", "expected"),
    [
        ("383", "Above that, LoRA costs more than it saves"),
        ("384", "LoRA saves nothing here"),
        ("385", "here **LoRA costs more than it saves**"),
        ("1024", "166.67\u202f% more"),
    ],
)
def test_what_is_said_around_the_break_even_rank(rank: str, expected: str) -> None:
    assert expected in words_of(open_page(rank=rank))


def test_another_layer_has_another_break_even_rank() -> None:
    """768 · 3,072 / (768 + 3,072) = 614.4."""
    app = open_page()
    app.selectbox(key="page:layer").set_value("transformer.h.0.mlp.c_fc").run()
    assert "614.4" in words_of(app)
    assert "Your target modules leave this layer as it is" in words_of(app)


def test_the_scenario_s_special_cases_are_said() -> None:
    words = words_of(open_page(method="full", dora="1", alpha="32", rslora="1"))
    assert "The method chosen is full fine-tuning" in words
    assert "DoRA also trains 768 magnitudes" in words
    assert r"\sqrt{r}" in words
    assert "= 11.31" in words


def test_the_rebuilt_example_has_the_error_of_numpy_s_svd() -> None:
    words = words_of(open_page(model=SMALL, decomposition="rebuild"))
    update, _start = make_example(64, 64, 4, 0.1, 0)
    values = np.linalg.svd(update.numpy(), compute_uv=False)
    best = np.sqrt(np.sum(values[8:] ** 2) / np.sum(values**2))
    assert f"at best {percent(float(best))}" in words
    assert "synthetic example, not from a trained model" in words
    assert "64 × 64" in words


def test_the_example_s_controls_change_it() -> None:
    app = open_page(model=SMALL, decomposition="rebuild")
    before = words_of(app)
    app.slider(key="page:sweeps").set_value(0).run()
    fitted_to_random = words_of(app)
    assert "With no sweeps A stays random" in fitted_to_random
    app.slider(key="page:noise").set_value(0.0).run()
    app.slider(key="page:true_rank").set_value(7).run()
    app.number_input(key="page:seed").set_value(5).run()
    after = words_of(app)
    assert "random numbers of rank 7" in after
    assert "at best 0.00\u202f%" in after
    assert "there is no noise" in after
    assert before != fitted_to_random != after


def test_a_large_layer_s_example_is_scaled_down_and_says_so() -> None:
    app = open_page(decomposition="rebuild", layer="transformer.h.0.mlp.c_fc")
    words = words_of(app)
    assert "noise, 1,536 × 384." in words
    assert "The layer's ΔW is 3,072 × 768" in words
    assert "2 times smaller" in words


def trained_values(layer: str) -> np.ndarray:
    """The singular values of the recorded ΔW, by numpy."""
    delta = load_file(RECORDED / "full" / "layer_changes.safetensors")[f"{layer}.delta"]
    return np.linalg.svd(delta.astype(np.float64), compute_uv=False)


def test_the_real_change_has_the_error_of_numpy_s_svd(runs: Path) -> None:
    app = open_page(**{"decomposition": "rebuild", "update-source": "trained"})
    words = words_of(app)
    values = trained_values("transformer.h.0.attn.c_attn")
    best = float(np.sqrt(np.sum(values[8:] ** 2) / np.sum(values**2)))
    assert f"at best {percent(best)}" in words
    assert "A shipped run, which comes with the app" in words
    assert f"the best B·A holds {percent(1 - best**2, 0)}" in words
    assert len(app.dataframe[0].value) == 16
    assert app.query_params["trained-run"] == "~full"
    shutil.copytree(RECORDED / "full", runs / "mine")
    app.run().selectbox(key="page:trained_run").set_value("mine").run()
    app.selectbox(key="page:trained_layer").set_value("transformer.h.1.attn.c_proj").run()
    words = words_of(app)
    assert "Your run “mine”" in words
    values = trained_values("transformer.h.1.attn.c_proj")
    best = float(np.sqrt(np.sum(values[8:] ** 2) / np.sum(values**2)))
    assert f"at best {percent(best)}" in words
