"""The browser's part of printing, and of saving figures with title, scenario and source.

One script for all pages, which the server hands out; a page tells it only what to write.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lora_viz.figures.kit.literal import visible
from lora_viz.figures.wording.setting import scenario_line
from lora_viz.i18n import _
from lora_viz.report.page_script import FACES, asset
from lora_viz.ui.serving.plotly_library import ADDRESS as PLOTLY
from lora_viz.ui.session import state

ADDRESS = "/take-home.js"
ASSETS = Path(__file__).parent / "scripts_assets"
# the elements that hold it take no place on the page
HOLDER = """<style>
[data-testid="stElementContainer"]:has(> .stHtml script[data-take-home]) { display: none; }
</style>"""
LOADED = """<script data-take-home>
if (!window.loraVizTakesHome) {
  window.loraVizTakesHome = true;
  const script = document.createElement("script");
  script.src = "%s";
  document.head.append(script);
}
window.loraVizCaption = %s;
</script>"""


def script_route() -> Route:
    """The route of the server at which `ADDRESS` is found."""
    return Route(ADDRESS, _send_script)


def apply_page_scripts(title: str) -> None:
    """Let the page print whole, and save its figures with this title and the scenario."""
    st.html(f"<style>{_style()}</style>")
    words = {
        "title": title,
        "scenario": visible(scenario_line(state.scenario())),
        "source": _("LoRA Viz, %s") % date.today().isoformat(),
        "copied": _("Copied"),
        "not_copied": _("Not copied: your browser copies pictures from https only"),
        "plotly": PLOTLY,
        "fonts": [(family, weight, f"/app/static/{file}") for family, weight, file in FACES],
    }
    said = json.dumps(words).replace("<", "\\u003c")
    st.html(HOLDER + LOADED % (ADDRESS, said), unsafe_allow_javascript=True)


@cache
def _style() -> str:
    return (ASSETS / "print.css").read_text(encoding="utf-8")


async def _send_script(_request: Request) -> Response:
    tabs, save = ((ASSETS / name).read_text(encoding="utf-8") for name in ("tabs.js", "save.js"))
    text = tabs + asset("print.js") + save
    return Response(text, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
