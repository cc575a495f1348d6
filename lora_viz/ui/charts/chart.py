"""A chart on a page: one Plotly figure, which changes in place when the page is drawn again.

`st.plotly_chart` mounts a new chart of every changed figure: it flashes, and what was zoomed is
lost. So this is a component of our own, with Plotly's script from this application's server.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamlit.components.v2 import component

from lora_viz.figures.kit.fonts import NUMBER_FONT, TEXT_FONT
from lora_viz.i18n import _
from lora_viz.ui.charts.by_rank import changes_by_rank
from lora_viz.ui.charts.theme import in_ink, reader_theme, template
from lora_viz.ui.serving.plotly_library import ADDRESS

if TYPE_CHECKING:
    import plotly.graph_objects as go

COMPONENT = "chart"
ASSETS = Path(__file__).parent / "chart_assets"
SCRIPTS = (
    "chart.js",
    "beforehand.js",
    "easing.js",
    "hand.js",
    "player.js",
    "toolbar.js",
)  # one module, in this order
HTML = """
<div class="chart-place"><div class="chart-figure" role="figure"></div></div>
<div class="chart-save">
  <span></span>
  <button data-format="png">PNG</button><button data-format="svg">SVG</button>
  <button data-format="wide">16:9</button><button data-format="copy"></button>
</div>
"""


def chart(
    figure: go.Figure,
    name: str,
    label: str,
    *,
    narrow: go.Figure | None = None,
    at_rank: Callable[[int], go.Figure] | None = None,
) -> None:
    """Draw a figure in the page's ink, with buttons that save it; nothing leaves the machine.

    Args:
        figure: of a fixed height, as wide as its place.
        name: tells charts apart, and names saved pictures.
        label: plain words for those who do not see it.
        narrow: the same in the shape for a place that is narrower than a phone's is wide.
        at_rank: the same figure at another rank, in closed form. With it the chart follows the
            rank's slider while it is moved, before the server knows. It is called when a reader
            comes near that slider, outside of any run: it reads no session and asks no worker.
    """
    theme = reader_theme()
    shapes = {"wide": figure} if narrow is None else {"wide": figure, "narrow": narrow}
    figures = {shape: in_ink(one, theme).to_json() or "" for shape, one in shapes.items()}
    _component()(
        key=f"chart-{name}",
        data={
            "figures": figures,
            "theme": theme,
            "template": template(theme),
            "library": ADDRESS,
            "fonts": [TEXT_FONT, NUMBER_FONT],
            "name": f"lora-viz-{name}",
            "label": label,
            "words": {
                "save": _("Save picture as"),
                "copy": _("Copy picture"),
                "enlarge": _("Fullscreen"),
                "play": _("Play"),
                "pause": _("Pause"),
                "step": _("Step"),
            },
            "byRank": None
            if at_rank is None
            else changes_by_rank(name, figures["wide"], lambda rank: in_ink(at_rank(rank), theme)),
        },
    )


@cache
def _component() -> Any:
    return component(
        COMPONENT,
        html=HTML,
        css=(ASSETS / "chart.css").read_text(encoding="utf-8"),
        js="\n".join((ASSETS / script).read_text(encoding="utf-8") for script in SCRIPTS),
        isolate_styles=False,
    )
