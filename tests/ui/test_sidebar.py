"""The sidebar's further settings follow the groups in which the settings are declared."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Caption

from lora_viz.choices.scenario import Scenario
from lora_viz.ui.sidebar import ELSEWHERE, OF_PEFT


def draw_the_sidebar() -> None:
    from lora_viz.ui.session import state
    from lora_viz.ui.sidebar import sidebar

    state.begin_run()
    sidebar()


def test_further_settings_stand_under_the_titles_of_their_groups() -> None:
    app = AppTest.from_function(draw_the_sidebar, default_timeout=60)
    app.session_state["more-settings"] = True
    app.run()
    assert not app.exception
    drawn = [str(one.value) if isinstance(one, Caption) else str(one.key) for one in app.sidebar]
    wanted = []
    for title, fields in Scenario.groups().items():
        further = [f"sidebar:{field}" for field in fields if field not in ELSEWHERE]
        wanted += [str(title), *further] if further else []
    start = drawn.index("more-settings") + 1
    assert drawn[start : start + len(wanted)] == wanted


def test_further_settings_of_peft_are_typed_as_links_have_them() -> None:
    app = AppTest.from_function(draw_the_sidebar, default_timeout=60)
    app.session_state["peft-settings"] = True
    app.run()
    drawn = [str(one.key) for one in app.sidebar if str(one.key).startswith("sidebar:")]
    assert {f"sidebar:{field}" for field in OF_PEFT} <= set(drawn)
    app.text_input(key="sidebar:modules_to_save").set_value("wte, ln_f").run()
    assert app.session_state["scenario"].modules_to_save == ("wte", "ln_f")
    assert app.text_input(key="sidebar:modules_to_save").value == "wte,ln_f"
    app.text_input(key="sidebar:modules_to_save").set_value("(a+)+$").run()
    assert app.session_state["scenario"].modules_to_save == ("wte", "ln_f")
    assert len(app.session_state["complaints"]) == 1
    assert app.text_input(key="sidebar:modules_to_save").value == "wte,ln_f"


@pytest.mark.parametrize(
    ("typed", "model", "said"),
    [
        ("qwen3", "qwen3-4b", "“qwen3” is taken for Qwen3-4B, the first of 7 models"),
        ("llama 3.1 8b", "llama-3.1-8b", "“llama 3.1 8b” is taken for Llama-3.1-8B."),
        ("Llama-3.1-8B", "llama-3.1-8b", None),
    ],
)
def test_half_a_name_of_a_model_is_taken_for_one_of_the_list(
    typed: str, model: str, said: str | None
) -> None:
    app = AppTest.from_function(draw_the_sidebar, default_timeout=60).run()
    box = app.sidebar.selectbox(key="sidebar:model")
    box.options.append(typed)  # as the browser does with what is no choice yet
    box.set_value(typed).run()
    assert not app.exception
    assert app.session_state["scenario"].model == model
    complaints = [str(one) for one in app.session_state["complaints"]]
    assert len(complaints) == bool(said) and all(one.startswith(said or "") for one in complaints)
