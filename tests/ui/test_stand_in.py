"""The sidebar says which model of the catalogue stands in for one of the hub."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.test_sidebar import draw_the_sidebar


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", ["Llama-3.1-8B"]),
        ("llama-3.1-8b", []),
        ("somebody/else", []),
    ],
)
def test_a_model_of_the_hub_names_its_stand_in(model: str, said: list[str]) -> None:
    app = AppTest.from_function(draw_the_sidebar, default_timeout=60)
    app.query_params["model"] = model
    app.run()
    assert not app.exception
    shown = [one.value for one in app.sidebar.caption if "in the catalogue are taken" in one.value]
    assert len(shown) == len(said) and all(
        name in one for name, one in zip(said, shown, strict=True)
    )
