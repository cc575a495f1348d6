"""The legend of bars of counted parameters."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from lora_viz.figures.kit.bars import Segment
from lora_viz.figures.kit.colours import Meaning, colour


def legend(meaning: Meaning, name: str, adapter: Iterable[Segment]) -> None:
    """A line that names each colour once: that of the base model's weights, then the adapter's."""
    names: dict[Meaning, str] = {meaning: name}
    names.update((part.meaning, f"🔥 {part.name}") for part in adapter)
    squares = "".join(
        f'<span style="white-space:nowrap;margin-right:1.1rem"><span style="display:inline-block;'
        "width:.8em;height:.8em;border-radius:2px;margin-right:.4em;"
        f'background:{colour(meaning)}"></span>{words}</span>'
        for meaning, words in names.items()
    )
    st.markdown(f'<div style="font-size:.875rem">{squares}</div>', unsafe_allow_html=True)
