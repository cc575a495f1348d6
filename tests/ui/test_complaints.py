"""What was refused is said once, and in a run that is seen."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.application import PATIENCE_SECONDS, SCRIPT


def _refuses_and_gives_way() -> None:
    import streamlit as st

    from lora_viz.ui.session import state

    st.session_state.setdefault(state.COMPLAINTS, ["832 cannot be shared by 12 heads."])
    run = st.session_state["run"] = st.session_state.get("run", 0) + 1
    with state.complaints() as sentences:
        for sentence in sentences:
            st.warning(sentence)
        if run == 1:
            st.rerun()
        if run == 3:
            state.complain("The second sentence.")
            st.stop()


def test_a_sentence_stays_for_the_run_after_one_that_gives_way_and_is_said_once() -> None:
    app = AppTest.from_function(_refuses_and_gives_way).run()
    assert app.session_state["run"] == 2
    assert [one.value for one in app.warning] == ["832 cannot be shared by 12 heads."]
    app.run()
    assert not app.warning, "what was said in a run of its own is not said again"
    app.run()
    assert [one.value for one in app.warning] == ["The second sentence."]


def test_what_an_address_has_twice_is_said_on_the_page() -> None:
    app = AppTest.from_file(SCRIPT, default_timeout=PATIENCE_SECONDS)
    app.query_params["rank"] = ["16", "32"]
    app.run()
    said = [one.value for one in app.warning]
    assert said == ["The link has “rank” twice; it should have it once."]
    assert app.session_state["scenario"].rank == 8
