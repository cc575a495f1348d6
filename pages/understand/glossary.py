"""Glossary: every term that the pages explain, with its meaning, its formula and its source."""

import streamlit as st

from lora_viz.glossary.terms import TERMS
from lora_viz.i18n import _, plural
from lora_viz.ui.glossary.words import explained, found
from lora_viz.ui.kit import page
from lora_viz.ui.kit.messages import show_info

page.headline(
    "glossary",
    _(
        "Every term that the pages explain. On the other pages a dotted line marks a term where "
        "it first stands: point at it, tap it, or move to it with the Tab key."
    ),
    plural("%s term", "%s terms", len(TERMS)) % len(TERMS),
)
search = st.text_input(_("Search"), key="glossary-search", placeholder=_("rank, NF4, memory …"))
groups = found(search)
if not groups:
    show_info(_("No term matches “%s”.") % search)
for title, terms in groups.items():
    st.header(_(title), anchor=False)
    st.markdown(explained(terms))
