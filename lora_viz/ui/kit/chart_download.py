"""Two small buttons below a chart that save it as PNG or SVG, drawn by the reader's own browser."""

from __future__ import annotations

from functools import cache
from typing import Any

from streamlit.components import v2

from lora_viz.i18n import _

CSS = """
.save {
  display: flex; gap: 0.75rem; justify-content: flex-end;
  padding-top: 0.4rem; font-size: 0.8rem; line-height: 1;
}
.save span { opacity: 0.7; }
.save button {
  border: 0; padding: 0; background: none; font: inherit; cursor: pointer;
  color: var(--st-link-color);
}
.save button:hover, .save button:focus-visible { text-decoration: underline; }
"""
# The page's own script (`ui/take_home`) draws, with title, scenario and source around the figure.
JAVASCRIPT = """
export default function ({ data, parentElement }) {
  const words = document.createElement("span");
  words.textContent = data.words;
  const row = document.createElement("div");
  row.className = "save";
  row.append(words, ...Object.entries(data.kinds).map(([how, name]) => {
    const button = document.createElement("button");
    button.textContent = name;
    button.setAttribute("aria-label", how === "copy" ? name : `${data.words} ${name}`);
    button.onclick = async () => {
      const chart = document.querySelector(`.st-key-${data.key} .js-plotly-plot`);
      const file = `lora-viz-${data.key.replace("figure-", "")}`;
      const said = await window.loraVizSave?.(chart, how, file);
      if (said) words.textContent = said;
    };
    return button;
  }));
  parentElement.querySelector(".save")?.remove();
  parentElement.append(row);
}
"""


@cache
def _component() -> Any:
    return v2.component("chart_download", css=CSS, js=JAVASCRIPT)


def download_buttons(chart_key: str) -> None:
    """Draw the buttons for the chart whose container has this key."""
    _component()(
        data={
            "key": chart_key,
            "words": _("Save picture as"),
            "kinds": {"png": "PNG", "svg": "SVG", "wide": "16:9", "copy": _("Copy picture")},
        },
        key=f"download-{chart_key}",
    )
