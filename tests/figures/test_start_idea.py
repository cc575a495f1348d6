"""The start page's drawing: areas are numbers of values, and everything is inside its frame."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_viz.figures.start_idea import lora_idea

SVG = "{http://www.w3.org/2000/svg}"
sizes = st.integers(64, 20_000)


@given(in_features=sizes, out_features=sizes, rank=st.integers(1, 64))
@pytest.mark.parametrize("width", [326, 632])
def test_areas_stand_for_values(width: int, in_features: int, out_features: int, rank: int) -> None:
    drawing = lora_idea(in_features, out_features, rank, 2.0, width)
    rectangles = {
        rectangle.get("class"): [float(rectangle.get(name, 0)) for name in ("x", "y")]
        + [float(rectangle.get(name, 0)) for name in ("width", "height")]
        for rectangle in ElementTree.fromstring(drawing.svg).iter(f"{SVG}rect")
    }
    values = {
        "frozen": in_features * out_features,
        "A": rank * in_features,
        "B": out_features * rank,
    }
    areas = {name: box[2] * box[3] for name, box in rectangles.items()}
    for name in values:
        wanted = areas["frozen"] * values[name] / values["frozen"]
        assert areas[name] == pytest.approx(wanted, rel=1e-3)
    for x, y, wide, high in rectangles.values():
        assert x >= 0 and y >= 0 and x + wide <= width and y + high <= drawing.height
