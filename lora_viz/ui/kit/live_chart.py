"""A chart of a run that goes on: redrawn in place, without flicker and with the reader's zoom.

`st.plotly_chart` makes a new chart of every changed figure, so this is a separate component.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamlit.components.v2 import component

from lora_viz.i18n import _
from lora_viz.ui.kit.page import in_ink, reader_theme
from lora_viz.ui.serving.plotly_library import ADDRESS

if TYPE_CHECKING:
    import plotly.graph_objects as go

ASSETS = Path(__file__).parent / "live_chart_assets"
HTML = """
<div class="live-chart"></div>
<div class="live-save">
  <span></span>
  <button data-format="png">PNG</button><button data-format="svg">SVG</button>
</div>
"""


def live_chart(figures: Mapping[str, go.Figure], name: str) -> None:
    """Draw the figure "wide" or "narrow", whichever fits the place, in the page's ink.

    Args:
        figures: the two, of the same curves; with one `uirevision` zooms are kept.
        name: tells charts of a page apart, and names saved pictures.
    """
    for figure in figures.values():
        in_ink(figure, reader_theme())
    _component()(
        key=f"live-{name}",
        data={
            "figures": {shape: figure.to_json() for shape, figure in figures.items()},
            "library": ADDRESS,
            "name": f"lora-viz-{name}",
            "words": _("Save picture as"),
        },
    )


@cache
def _component() -> Any:
    return component(
        "live_chart",
        html=HTML,
        css=(ASSETS / "live_chart.css").read_text(encoding="utf-8"),
        js=(ASSETS / "live_chart.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
