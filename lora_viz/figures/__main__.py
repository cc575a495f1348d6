"""`python -m lora_viz.figures NAME`: one figure with canned data, in a browser.

Without a name it lists them. With a file's name behind, the page is written there instead.
"""

from __future__ import annotations

import sys
import tempfile
import webbrowser
from pathlib import Path

import plotly.graph_objects as go

from lora_viz.figures.examples import EXAMPLES, Picture
from lora_viz.figures.kit.svg import SvgDrawing


def main(arguments: list[str]) -> int:
    """Draw the figure of this name; exit status 2 where there is none."""
    name, *places = arguments or [""]
    if name not in EXAMPLES:
        print("\n".join(EXAMPLES))
        return 0 if not name else 2
    place = Path(places[0]) if places else Path(tempfile.mkdtemp()) / f"{name}.html"
    place.write_text(as_page(EXAMPLES[name]()), encoding="utf-8")
    if not places:
        webbrowser.open_new_tab(place.as_uri())
    return 0


def as_page(picture: Picture) -> str:
    """An HTML page of its own, which says that its data are canned.

    A figure is built anew, since Plotly did not check it when it was drawn (`kit.base`).
    """
    if isinstance(picture, SvgDrawing):
        body = picture.svg
    else:
        figure = go.Figure(picture.to_plotly_json())
        body = figure.to_html(full_html=False, include_plotlyjs=True)
    return f"<!doctype html><meta charset='utf-8'><title>LoRA Viz</title><p>Canned data</p>{body}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
