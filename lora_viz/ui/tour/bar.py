"""The bar of a tour above a page: where the reader is, what the stop says, and its buttons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lora_viz.i18n import _, current_language
from lora_viz.questions import kept
from lora_viz.questions.question import Answer, Ask, Question
from lora_viz.tours.facts import NOT_YET, NotKnownYet, numbers_of
from lora_viz.tours.tour import BRACED, MARKED, Words
from lora_viz.ui.kit.keyboard import Keys, listen
from lora_viz.ui.kit.literal import as_html, as_markdown
from lora_viz.ui.session import links
from lora_viz.ui.tour import guide
from lora_viz.ui.tour.guide import AtStop
from lora_viz.ui.tour.pointing import point_at

TYPED_IN = "input:not([type=radio], [type=checkbox], [type=range], [type=button])"
KEYS = Keys({"n": "next", "p": "back", "t": "try"}, taken_by=(TYPED_IN,))
STYLE = """<style>
.st-key-tour { padding: 0.5rem 1rem 0.6rem; gap: 0.5rem; margin-bottom: 0.6rem; }
.st-key-tour p { line-height: 1.35; font-size: 0.92rem; }
.st-key-tour [data-testid="stHorizontalBlock"] { gap: 0.5rem 1.5rem; }
.st-key-tour button { min-height: 0; padding: 0.2rem 0.7rem; }
.st-key-tour [data-testid="stMarkdownContainer"] { margin: 0; }
.st-key-tour [data-testid="stMarkdownContainer"] p:last-child { margin: 0; }
.st-key-tour-keys { position: absolute; width: 1px; height: 1px; overflow: hidden; }
.tour-line { font-size: 0.8rem; opacity: 0.8; line-height: 1.3; }
@media (max-width: 640px) { .tour-hint { display: none; } }
.tour-marks { display: flex; gap: 3px; margin: 0 0 0.2rem; }
.tour-marks span {
  flex: 1; max-width: 2.4rem; height: 6px; border-radius: 3px;
  box-shadow: inset 0 0 0 1px currentColor; opacity: 0.45;
}
.tour-marks .past { background: color-mix(in srgb, currentColor 35%, transparent); }
.tour-marks .done { background: currentColor; opacity: 0.8; }
.tour-marks .now { opacity: 1; box-shadow: inset 0 0 0 2px currentColor; }
</style>"""


@contextmanager
def guided(page: str) -> Iterator[None]:
    """Draw a page within a tour, if one is on: the bar before it, missing numbers after it."""
    at = guide.here()
    if not at:
        yield
        return
    numbers = _numbers(at, _quickly)
    body = _draw(at, page, numbers)
    if at.stop.part and page == at.stop.page:
        point_at(at.stop.part, f"{at.tour.name} {at.number}")
    yield
    if NOT_YET in numbers.values():
        _fill(body, at, _numbers(at, _patiently))


def texts_of(
    at: AtStop, numbers: dict[str, str] | None = None
) -> tuple[str, str, list[tuple[str, str]]]:
    """A stop's title, what is said there, and what to look at, to try and to expect, by name.

    Without `numbers` those that are known already stand in the texts.
    """
    stop, numbers = at.stop, _numbers(at, _quickly) if numbers is None else numbers
    parts = ((_("Look"), stop.look), (_("Try"), stop.attempt), (_("Expect"), stop.expect))
    others = [(name, said(words, numbers)) for name, words in parts if words]
    return said(stop.title, numbers), said(stop.say, numbers), others


def said(words: Words, numbers: dict[str, str]) -> str:
    """A text as Markdown, in the reader's language and with its numbers: an author's literally."""
    text = words.in_language(current_language())
    if words.is_ours:
        return MARKED.sub(lambda found: numbers[found[1]], _(text)) if text else ""
    filled = BRACED.sub(lambda found: numbers.get(found[1], found[0]), text)
    return "\n\n".join(as_markdown(part) for part in filled.split("\n\n"))


def _draw(at: AtStop, page: str, numbers: dict[str, str]) -> tuple[DeltaGenerator, DeltaGenerator]:
    """The bar; what is returned holds the two columns of its texts."""
    is_done = guide.note_done(at, page)
    st.html(STYLE)
    with st.container(border=True, key="tour"):
        place, buttons = st.columns([3, 2], vertical_alignment="center")
        with place:
            st.markdown(_marks(at), unsafe_allow_html=True)
        with buttons, st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            _what_is_left(at, page, is_done)
            _buttons(at)
        left, right = st.columns([3, 2])
        body = left.empty(), right.empty()
        _fill(body, at, numbers)
        listen(KEYS, "tour-keys", on_press=_do, spoken=_status(at))
    return body


def _fill(body: tuple[DeltaGenerator, DeltaGenerator], at: AtStop, numbers: dict[str, str]) -> None:
    title, say, others = texts_of(at, numbers)
    end = "" if title.endswith("?") else "."
    body[0].markdown(f"**{title}{end}** {say}")
    lines = (f"**{name}** · {words}" for name, words in others)
    body[1].markdown("  \n".join(lines) or " ")


def _marks(at: AtStop) -> str:
    """One mark for each stop, as HTML: full where it is done, pale before the reader's place."""
    done = guide.done_stops(at.tour)
    marks = "".join(
        f'<span class="{"done" if number in done else "past" if number < at.number else ""}'
        f'{" now" if number == at.number else ""}"></span>'
        for number in range(1, len(at.tour.stops) + 1)
    )
    words, hint = as_html(_status(at)), as_html(_hint(at))
    return (
        f'<div class="tour-marks" aria-hidden="true">{marks}</div><div class="tour-line">{words}'
        f'<span class="tour-hint"> · {hint}</span></div>'
    )


def _status(at: AtStop) -> str:
    tour = said_plainly(at.tour.title)
    return _("%(tour)s · stop %(stop)s of %(stops)s · %(minutes)s min") % {
        "tour": tour,
        "stop": at.number,
        "stops": len(at.tour.stops),
        "minutes": at.stop.minutes,
    }


def said_plainly(words: Words) -> str:
    """A title without its numbers, as plain text."""
    text = words.in_language(current_language())
    return _(text) if words.is_ours else text


def _buttons(at: AtStop) -> None:
    st.button(_("Back"), key="tour-back", disabled=at.is_first, on_click=guide.step, args=(-1,))
    st.button(
        _("Finish") if at.is_last else _("Next"),
        key="tour-next",
        type="primary",
        on_click=guide.step,
        args=(1,),
    )
    st.button(
        _("Leave"),
        key="tour-leave",
        help=_("What you had set before comes back. You can take the tour up again later."),
        on_click=guide.leave,
    )


def _what_is_left(at: AtStop, page: str, is_done: bool) -> None:
    """The way back to the stop's page, or the mark that the stop is done, or the way there."""
    if page != at.stop.page:
        st.button(_("To this stop's page"), key="tour-to-page", on_click=guide.go_back_to_page)
    elif is_done:
        st.markdown(_("✓ Done"), width="content")
    elif at.stop.tried:
        st.button(_("Show me"), key="tour-show", on_click=guide.show_the_try)


def _hint(at: AtStop) -> str:
    if at.stop.tried:
        return _("Keys: n next · p back · t try")
    return _("Keys: n next · p back")


def _do(meaning: str) -> None:
    """Do what a key stands for."""
    if meaning == "try":
        guide.show_the_try()
    elif meaning in ("next", "back"):
        guide.step(1 if meaning == "next" else -1)


def _numbers(at: AtStop, ask: Ask) -> dict[str, str]:
    stop = at.stop
    scenario = links.read(dict(stop.settings)).scenario
    tried = links.read(dict(stop.settings) | dict(stop.tried)).scenario
    return numbers_of(stop.numbers, scenario, tried, ask)


def _quickly(question: Question[Answer]) -> Answer:
    """An answer that is known; nothing waits above a page."""
    found = kept.known(question)
    if found is None:
        raise NotKnownYet
    return found


def _patiently(question: Question[Answer]) -> Answer:
    """An answer after the page was drawn; simulated steps are left to the page itself."""
    return _quickly(question) if question.weight == "heavy" else kept.ask(question)
