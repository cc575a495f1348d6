"""The pages above the page, by section; beside it the sidebar has room for the scenario alone."""

from __future__ import annotations

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui.page_list import PAGES, SECTIONS
from lora_viz.ui.session import state

# Streamlit follows a link without its address; a browser that opens one in a new tab takes the
# address, which by itself is the page's alone: the settings are put into it when it is pointed at.
KEEP_SETTINGS = """<style>
[data-testid="stElementContainer"]:has(> .stHtml script[data-links]) { display: none; }
</style>
<script data-links>
if (!window.loraVizLinks) {
  window.loraVizLinks = true;
  const links = ["stTopNavLink", "stTopNavDropdownLink", "stSidebarNavLink", "stPageLink-NavLink"];
  const keep = ({ target }) => {
    const link = target.closest?.(links.map((name) => `a[data-testid="${name}"]`).join());
    if (link) link.search = location.search;
  };
  for (const moment of ["pointerdown", "focusin"]) document.addEventListener(moment, keep, true);
}
</script>"""


def choose_page() -> st.Page:
    """Draw the navigation, but not in a frame or on stage, and return the page that is open."""
    is_bare = st.context.is_embedded or state.view().stage or state.view().notes
    return st.navigation(
        {
            _(title): [
                st.Page(
                    page.file,
                    title=_(page.title),
                    url_path=page.address or None,
                    default=not page.address,
                )
                for page in PAGES
                if page.section == section
            ]
            for section, title in SECTIONS.items()
        },
        position="hidden" if is_bare else "top",
    )


def keep_settings_in_links() -> None:
    """Let a page that a reader opens in a new tab have this one's settings and language."""
    st.html(KEEP_SETTINGS, unsafe_allow_javascript=True)
