"""What the page "Glossary" says of each term."""

from __future__ import annotations

from lora_viz.glossary.term import Term
from lora_viz.glossary.terms import GROUPS
from lora_viz.i18n import _
from lora_viz.ui import page_list


def found(search: str) -> dict[str, tuple[Term, ...]]:
    """The terms in which all words of a search stand, by the titles of their groups."""
    asked = search.casefold().split()
    groups = {
        title: tuple(term for term in terms if all(one in _searched(term) for one in asked))
        for title, terms in GROUPS.items()
    }
    return {title: terms for title, terms in groups.items() if terms}


def explained(terms: tuple[Term, ...]) -> str:
    """Markdown with a heading for each term."""
    return "\n\n".join(map(_explained, terms))


def _searched(term: Term) -> str:
    """What a term is found by: its words in the reader's language and in English, its meaning."""
    texts = (_(term.word), _(term.forms), _(term.meaning), term.word, term.forms)
    return " ".join(texts).casefold()


def _explained(term: Term) -> str:
    parts = [f"### {_(term.word)}", _(term.meaning)]
    if term.formula:
        parts.append(f"$\\displaystyle {term.formula.latex}$")
    cited = _("Source: %s") % f"[{term.cited}]({term.origin.address})"
    titles = [_(page_list.page(name).title) for name in term.pages]
    seen = _("Explained on: %s") % ", ".join(titles) if titles else ""
    parts.append("  \n".join(f":small[{line}]" for line in (cited, seen) if line))
    return "\n\n".join(parts)
