"""The outline round the part of a page that a tour points out, by the keys that the parts have.

What lies below the fold is scrolled to: once a stop, as a reader may scroll back.
"""

from __future__ import annotations

import json

import streamlit as st

from lora_viz.tours.tour import Part

PLACES: dict[Part, str] = {
    "headline": '[data-testid="stMain"] [data-testid="stHeading"]:has(h1)',
    "picture": ".st-key-area-picture",
    "number": ".st-key-key-number",
    "controls": ".st-key-area-controls",
    "side": ".st-key-area-side",
    "tabs": '[data-testid="stMain"] [data-testid="stTabs"]',
    "sidebar": '[data-testid="stSidebarContent"]',
}
OUTLINE = (
    "outline: 2px solid currentColor; outline-offset: 4px; "
    "border-radius: var(--tour-radius, 0.875rem);"
)
# It is waited for, as a page is drawn from above, and what comes late moves it. The bar of the tour
# stays in sight where there is room for both.
SCROLL = """<style>
[data-testid="stElementContainer"]:has(> .stHtml script[data-pointing]) { display: none; }
</style>
<script data-pointing>
(() => {
  const [place, stop] = %s;
  if (window.loraVizPointed === stop) return;
  window.loraVizPointed = stop;
  const main = document.querySelector('[data-testid="stMain"]');
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let isTaken = false;
  const take = () => { isTaken = true; };
  for (const kind of ["wheel", "touchmove", "pointerdown"]) {
    main.addEventListener(kind, take, { once: true, passive: true });
  }
  const until = performance.now() + 5000;
  const look = () => {
    if (isTaken || window.loraVizPointed !== stop || performance.now() > until) return;
    const part = document.querySelector(place)?.getBoundingClientRect();
    const frame = main.getBoundingClientRect();
    const below = part ? part.bottom + 12 - frame.bottom : 0;
    const room = part ? part.top - frame.top - 64 : 0; // below the page's header
    const by = Math.min(below, room);
    const behavior = calm ? "instant" : "smooth"; // codespell:ignore behavior
    if (by > 4) main.scrollBy({ top: by, behavior }); // codespell:ignore behavior
    setTimeout(look, 400);
  };
  setTimeout(look, 300);
})();
</script>"""


def point_at(part: Part, stop: str) -> None:
    """Outline a part; in the ink of the words, as each other colour has a meaning.

    Args:
        part: of the page.
        stop: what tells this stop from others, so that each is scrolled to once.
    """
    st.html(f"<style>{PLACES[part]} {{ {OUTLINE} }}</style>")
    if part != "sidebar":
        said = json.dumps([PLACES[part], stop]).replace("<", "\\u003c")
        st.html(SCROLL % said, unsafe_allow_javascript=True)
