"""The few rules of style that Streamlit's theme has no setting for."""

from __future__ import annotations

import streamlit as st

from lora_viz.figures.kit.colours import STYLES, as_browsers_write
from lora_viz.i18n import current_language

STYLE = """<style>
.key-number {
  font-family: "JetBrains Mono NL", monospace; font-size: 2.4rem;
  font-weight: 700; line-height: 1.1;
}
.key-meaning { opacity: 0.75; line-height: 1.4; margin: 0.3rem 0 1rem; }
[data-testid="stMainBlockContainer"] {
  padding: 3.9rem clamp(1rem, 3vw, 5rem) 2rem; /* below the header */
}
[data-testid="stMain"] h1 { font-size: 1.9rem; padding: 0; margin-top: -0.6rem; }
[data-testid="stMain"] h2 { font-size: 1.5rem; }
.katex-display { overflow-x: auto; overflow-y: hidden; padding-inline: 0.2em; }
@media (max-width: 640px) { .katex-display { font-size: 0.85em; } }
.katex .hangul_fallback { font-family: Pretendard, sans-serif; } /* KaTeX's own fonts lack it */
/* Streamlit's captions, quotations and chosen segments are paler than WCAG 2 asks of words */
[data-testid="stCaptionContainer"], [data-testid="stMarkdownContainer"] blockquote {
  color: inherit; opacity: 0.78;
}
[data-testid="stMarkdownContainer"] blockquote p { color: inherit; opacity: 1; }
[data-selected="true"] [data-testid="stMarkdownContainer"] p {
  color: color-mix(in srgb, currentColor 65%, CanvasText);
}
[data-tag] > span, [data-tag] > button, [data-testid="stBaseButton-primary"] p {
  color: light-dark(white, black);
}
[data-testid="stSidebar"] [data-testid="stButtonGroup"] button { padding-inline: 0.65rem; }
[data-testid="stPageLink"] p { white-space: normal; }
[data-testid="stSelectbox"] input { text-overflow: ellipsis; }
[data-testid="stFileChip"][aria-invalid="true"] { flex-wrap: wrap; height: auto; max-width: 100%; }
[data-testid="stFileChip"] [role="alert"] { /* else only screen readers hear why */
  position: static; width: auto; height: auto; margin: 0; clip: auto; clip-path: none;
  white-space: normal; font-size: 0.8rem;
}
</style>"""


KOREAN = """<style>
[data-testid="stApp"] *:not(code, code *) { word-break: keep-all; overflow-wrap: break-word; }
</style>"""  # Korean breaks lines between words, as English does, and browsers do it within words
# What a browser, a screen reader or a translator takes the page's language from. Streamlit's page
# says "en", and has no setting for it. The element takes no place on the page.
SAY_LANGUAGE = """<style>
[data-testid="stElementContainer"]:has(> .stHtml script[data-language]) { display: none; }
</style>
<script data-language>document.documentElement.lang = "%s"</script>"""
# A formula that is wider than its page can be scrolled: with the keyboard too, where it has focus.
REACH_FORMULAS = """<style>
[data-testid="stElementContainer"]:has(> .stHtml script[data-formulas]) { display: none; }
</style>
<script data-formulas>
if (!window.loraVizFormulas) {
  const reach = () => {
    for (const formula of document.querySelectorAll(".katex-display")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    }
  };
  let waiting = 0;
  const soon = () => { waiting ||= setTimeout(() => { waiting = 0; reach(); }, 100); };
  window.loraVizFormulas = new MutationObserver(soon);
  window.loraVizFormulas.observe(document.body, { childList: true, subtree: true });
  window.addEventListener("resize", soon);
  document.fonts.addEventListener("loadingdone", soon);
}
</script>"""


def _words_in_formulas() -> str:
    """Rules that give a formula's coloured letters the shade in which words can be read."""
    rules = []
    for style in STYLES.values():
        place = f'.katex [style*="{as_browsers_write(style.colour)}"]'
        if style.on_light:
            shade = f"light-dark({style.on_light}, {style.on_dark})"
            rules.append(f"{place} {{ color: {shade} !important; }}")
    return f"<style>{' '.join(rules)}</style>"


FORMULAS = _words_in_formulas()


def apply_style() -> None:
    """Add the rules to the page, and say which language it is in."""
    st.html(STYLE + FORMULAS + (KOREAN if current_language() == "ko" else ""))
    tag = current_language().replace("_", "-")
    st.html(SAY_LANGUAGE % tag, unsafe_allow_javascript=True)
    st.html(REACH_FORMULAS, unsafe_allow_javascript=True)
