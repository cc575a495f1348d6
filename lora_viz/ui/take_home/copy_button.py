"""A button that copies a text, also where a browser has no clipboard for pages over http."""

from __future__ import annotations

from functools import cache
from typing import Any

from streamlit.components import v2

from lora_viz.i18n import _

CSS = """
button {
  width: 100%; min-height: 2.5rem; padding: 0.25rem 0.75rem; font: inherit; cursor: pointer;
  color: inherit; background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
button:hover, button:focus-visible {
  border-color: var(--st-primary-color); color: var(--st-primary-color);
}
"""
JAVASCRIPT = """
export default function ({ data, parentElement }) {
  const button = document.createElement("button");
  button.textContent = data.label;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.text);
    } catch {
      const area = document.createElement("textarea");
      area.value = data.text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = data.copied;
    setTimeout(() => { button.textContent = data.label; }, 2000);
  };
  parentElement.querySelector("button")?.remove();
  parentElement.append(button);
}
"""


@cache
def _component() -> Any:
    return v2.component("copy_text", css=CSS, js=JAVASCRIPT)


def copy_button(label: str, text: str, key: str) -> None:
    """Draw the button; both are plain text."""
    _component()(data={"label": label, "text": text, "copied": _("Copied")}, key=key)
