"""An SVG drawing on a page: the one that fits the reader's window, with buttons that save it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

from lora_viz.figures.kit.svg import SvgDrawing
from lora_viz.i18n import _

ASSETS = Path(__file__).parent / "svg_picture_assets"
# phone, small laptop, laptop
WIDTHS = (326, 525, 632)
HTML = """
<div class="picture"></div>
<div class="save">
  <span></span>
  <button data-format="png">PNG</button><button data-format="svg">SVG</button>
</div>
"""


@cache
def _component() -> Any:
    """The component, registered once; its style and script are read when it is first drawn."""
    return component(
        "svg_picture",
        html=HTML,
        css=(ASSETS / "svg_picture.css").read_text(encoding="utf-8"),
        js=(ASSETS / "svg_picture.js").read_text(encoding="utf-8"),
    )


def svg_picture(drawings: Sequence[SvgDrawing], key: str, **on_press: Callable[[], None]) -> None:
    """Show the drawing whose width fits; the narrowest comes first.

    Elements with `data-kind` or `data-block` can be pressed: `on_toggled_change` and
    `on_opened_change` are called then, with what was pressed in the state under `key`.
    """
    _component()(
        key=key,
        data={
            "drawings": tuple(asdict(drawing) for drawing in drawings),
            "name": f"lora-viz-{key}",
            "words": _("Save picture as"),
        },
        **on_press,
    )
