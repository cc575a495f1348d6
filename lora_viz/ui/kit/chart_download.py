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
# Plotly's own download button, the first of its toolbar, draws; this tells it the format first.
JAVASCRIPT = """
export default function ({ data, parentElement }) {
  const words = document.createElement("span");
  words.textContent = data.words;
  const row = document.createElement("div");
  row.className = "save";
  row.append(words, ...["png", "svg"].map((format) => {
    const button = document.createElement("button");
    button.textContent = format.toUpperCase();
    button.setAttribute("aria-label", `${data.words} ${format.toUpperCase()}`);
    button.onclick = () => {
      const chart = document.querySelector(`.st-key-${data.key} .js-plotly-plot`);
      const options = chart._context.toImageButtonOptions;
      chart._context.toImageButtonOptions = { ...options, format, scale: format === "png" ? 2 : 1 };
      chart.querySelector(".modebar-btn").click();
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
        data={"key": chart_key, "words": _("Save picture as")}, key=f"download-{chart_key}"
    )
