"""“Take this with you” shows and saves each format of the scenario, or says why there is none."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.choices.scenario import Scenario
from lora_viz.exports.formats import FORMATS, export
from lora_viz.ui.session import state
from tests.hostile import EVERYTHING


def draw_the_place() -> None:
    from lora_viz.ui.session import state
    from lora_viz.ui.take_home.training_files import training_files

    state.begin_run()
    training_files()


def drawn(name: str, scenario: Scenario) -> AppTest:
    app = AppTest.from_function(draw_the_place, default_timeout=120)
    app.session_state["training-file"] = name
    app.session_state[state.SCENARIO] = scenario
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("name", FORMATS)
def test_the_chosen_file_is_shown(name: str) -> None:
    scenario = Scenario.make({"model": "tiny-gpt2", "rank": 4})
    app = drawn(name, scenario)
    made = export(name, scenario, "GPT2LMHeadModel")
    (shown,) = app.code
    assert f"{shown.value}\n" == made.text and shown.language == made.form.syntax
    assert len(app.get("download_button")) == 1


def test_what_cannot_be_written_is_said() -> None:
    app = drawn("lora-config", Scenario.make({"model": "tiny-gpt2", "method": "full"}))
    assert not app.code and "Full fine-tuning has no adapter" in app.error[0].value


def test_a_model_that_there_is_not_is_said() -> None:
    app = drawn("axolotl", Scenario.make({"model": EVERYTHING}))
    assert not app.code and len(app.error) == 1
