"""Scenarios side by side: added, removed, taken up, and restored from a link."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import decode
from lora_viz.format import grouped, size
from lora_viz.questions import kept
from lora_viz.questions.ask_for import step_of
from tests.application import charts, file_of, opened

SMALL: dict[str, Any] = {"batch_size": 2, "seq_len": 64}


def open_page(compare: str = "") -> AppTest:
    app = opened("compare", **SMALL, compare=compare)
    assert not app.error
    return app


def compared(app: AppTest) -> tuple[Scenario, ...]:
    """The scenarios in the page's link."""
    return decode(app.session_state["view"].compared)[0]


def test_a_reader_who_has_added_nothing_sees_each_method() -> None:
    app = open_page()
    assert not compared(app)
    table = app.dataframe[0].value.set_index("Setting or result")
    assert table.loc["Method", ["", "A", "B", "C"]].tolist() == ["≠", "Full", "LoRA", "QLoRA"]
    assert "You have added nothing yet" in " ".join(one.value for one in app.caption)
    assert table.loc["Rank r", ["A", "B", "C"]].tolist() == ["–", "8", "8"]
    assert table.loc["Base dtype", ["B", "C"]].tolist() == ["float32", "float32, packed to NF4"]


def test_the_current_scenario_is_added_and_what_differs_is_marked() -> None:
    app = open_page()
    app.button(key="compare:add").click().run()
    assert app.button(key="compare:add").disabled
    app.number_input(key="sidebar:rank").set_value(64).run()
    app.button(key="compare:add").click().run()
    table = app.dataframe[0].value.set_index("Setting or result")
    assert table.loc["Rank r", ["", "A", "B"]].tolist() == ["≠", "8", "64"]
    assert table.loc["Model", ""] == ""
    for name, rank in {"A": 8, "B": 64}.items():
        scenario = Scenario(rank=rank, **SMALL)
        report = kept.ask(step_of(scenario))
        assert table.loc["Peak allocated", name] == size(report.peak_allocated)
        assert table.loc["Needed of its card", name].startswith(size(report.needs.total))
        assert table.loc["Trainable parameters", name] == grouped(report.trainable_parameters)
        bars = charts(app)[0]["data"]
        height = sum(bar["y"][0] for bar in bars if bar["x"] == [name])
        assert round(height * 1e9) == report.needs.total


def test_a_link_restores_all_and_says_what_is_wrong_once() -> None:
    app = opened(
        compare="model=gpt2&batch-size=2&seq-len=64~model=nonsense&rank=0~"
        "model=gpt2&batch-size=2&seq-len=64&rank=16"
    )
    assert len(app.warning) == 1 and "Scenario 2" in app.warning[0].value
    app.switch_page(file_of("compare")).run()
    assert [scenario.rank for scenario in compared(app)] == [8, 16]
    assert not app.run().warning
    app.button(key="compare:use:1").click().run()
    assert app.session_state["scenario"].rank == 16
    app.button(key="compare:remove:0").click().run()
    assert [scenario.rank for scenario in compared(app)] == [16]


def test_a_model_that_cannot_be_read_says_why_and_leaves_the_others() -> None:
    app = open_page("model=no-such-model~model=gpt2&batch-size=2&seq-len=64&targets=c_attn,nowhere")
    refused, in_vain = (one.value for one in app.warning)
    assert refused.startswith("A: ")
    assert in_vain.startswith("B: No layer matches “nowhere”, so only the other targets")
    assert app.dataframe[0].value["A"].tolist().count("–") >= 4
