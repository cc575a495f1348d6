"""Terms of the glossary, explained where they stand: on hover, on keyboard focus, on a tap.

A script in the reader's browser looks for them, so that no sentence of any page is written
differently for it. It lays markers over the words and leaves the words, which Streamlit draws
again whenever they change, as they are.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

from lora_viz.glossary.forms import forms
from lora_viz.glossary.terms import TERMS
from lora_viz.i18n import _, current_language

ASSETS = Path(__file__).parent / "glossary_assets"


def explain_terms() -> None:
    """Explain every term where it first stands in a part of the page that is drawn next."""
    _component()(key="glossary-marks", data={"terms": _terms_in(current_language())})


@cache
def _terms_in(_language: str) -> list[dict[str, Any]]:
    """What the script needs to know, in the language of this run, once for each language."""
    return [
        {
            "key": term.key,
            "word": _(term.word),
            "meaning": _(term.meaning),
            "formula": term.formula.plain if term.formula else "",
            "cited": term.cited,
            "forms": [asdict(form) for form in forms(_(term.forms))],
        }
        for term in TERMS
    ]


@cache
def _component() -> Any:
    return component(
        "glossary",
        html='<div class="glossary"></div>',
        css=(ASSETS / "glossary.css").read_text(encoding="utf-8"),
        js=(ASSETS / "glossary.js").read_text(encoding="utf-8"),
        isolate_styles=False,
    )
