"""What axe-core finds wrong with a page by WCAG 2.2 AA, without what Streamlit itself causes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
BEYOND_TAGS = ["heading-order"]
# rule by rule what Streamlit's own elements break, and where; no setting of it mends that
STREAMLITS_OWN = {
    "list": '[data-testid="stSidebarNav"]',  # its sections' headings stand between the items
    "listitem": '[data-testid="stSidebarNav"]',
}
FIND = """async ([tags, further, theirs]) => {
  const asked = { type: "tag", values: tags };
  const rules = Object.fromEntries(further.map((rule) => [rule, { enabled: true }]));
  const { violations } = await axe.run({ runOnly: asked, rules });
  return violations.flatMap(({ id, nodes }) => nodes
    .filter(({ target }) => {
      const place = theirs[id];
      return !place || !document.querySelector(target.at(-1))?.closest(place);
    })
    .map(({ html, any, all, none }) => {
      const [first] = [...any, ...all, ...none];
      return `${id}: ${first?.message ?? ""} ${html.slice(0, 160)}`;
    }));
}"""


def violations(page: Page) -> list[str]:
    """One line for each element that breaks a rule: the rule, what is wrong, the element."""
    page.evaluate(_axe())
    found: list[Any] = page.evaluate(FIND, [TAGS, BEYOND_TAGS, STREAMLITS_OWN])
    return [str(line) for line in found]


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
