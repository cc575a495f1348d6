"""The questions of a page as they are drawn: first to be answered, then with the truth."""

from __future__ import annotations

import streamlit as st

from lora_viz.figures.quiz_bar import GuessBar, guess_bars
from lora_viz.format import percent
from lora_viz.i18n import _
from lora_viz.quiz.of_pages import predictions_for
from lora_viz.quiz.prediction import Prediction
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.page_list import Page
from lora_viz.ui.quiz import answers
from lora_viz.ui.quiz.known import known_facts

HALF = 50.0  # percent of the bar, where a hand begins to drag


def draw_questions(page: Page) -> None:
    """All questions of a page, and what has been answered so far in this session."""
    asked = predictions_for(page.name, known_facts(page))
    if not asked:
        st.caption(_("There is no question here while the page has no numbers."))
        return
    st.caption(_("Guess first. The truth and its reason follow when you click “Look”."))
    for column, one in zip(st.columns(len(asked), gap="medium"), asked, strict=True):
        with column.container(border=True):
            draw_question(page, one)
    _save()


def draw_question(page: Page, asked: Prediction) -> None:
    """One question; once it is answered, what is right and why."""
    answer = answers.given_answers().get(asked.key)
    given = answer.given if answer else None
    is_ready = _choice(asked, given) if asked.whole is None else _length(asked, asked.whole, given)
    if answer:
        _truth(answer)
    else:
        st.button(
            _("Look"),
            key=f"look-{asked.key}",
            disabled=not is_ready,
            on_click=_look,
            args=(page.name, asked),
        )


def _look(page_name: str, asked: Prediction) -> None:
    """Keep what the widget says at this moment as the answer."""
    chosen = st.session_state.get(_widget(asked))
    if chosen is not None:
        given = chosen if asked.whole is None else asked.whole * chosen / 100
        answers.keep_answer(page_name, asked, given)


def _widget(asked: Prediction) -> str:
    """The key of what an answer is given with."""
    return f"guess-{asked.key}"


def _choice(asked: Prediction, given: float | None) -> bool:
    """The answers to choose from; whether one is chosen."""
    chosen = st.radio(
        as_markdown(asked.text),
        range(len(asked.alternatives)),
        index=None if given is None else int(given),
        format_func=lambda place: as_markdown(asked.shown(place)),
        key=_widget(asked),
        disabled=given is not None,
    )
    return chosen is not None


def _length(asked: Prediction, whole: float, given: float | None) -> bool:
    """A bar drawn to scale and a slider below it, which is somewhere at any time."""
    st.markdown(as_markdown(asked.text))
    bar = st.container(gap=None)
    if given is None:
        share = st.slider(
            _("Your guess"),
            0.0,
            100.0,
            HALF,
            0.5,
            format="%.1f %%",
            key=_widget(asked),
            label_visibility="collapsed",
        )
        given = whole * share / 100
    bars = [_bar(_("All of it: %s"), asked, whole), _bar(_("Your guess: %s"), asked, given)]
    if asked.key in answers.given_answers():
        bars.append(_bar(_("The truth: %s"), asked, asked.right_number, is_truth=True))
    with bar:
        st.markdown(guess_bars(bars).svg, unsafe_allow_html=True)
    return True


def _bar(words: str, asked: Prediction, value: float, is_truth: bool = False) -> GuessBar:
    share = value / (asked.whole or 1)
    return GuessBar(words % asked.shown(value), share, is_truth)


def _truth(answer: answers.GivenAnswer) -> None:
    """What is right, what the chosen mistake was, and the reason."""
    asked = answer.asked
    if asked.whole is not None:
        off = percent(abs(answer.given - asked.right_number) / asked.whole, 1)
        words = _("Close: off by %s of the bar.") if answer.is_right else _("Off by %s of the bar.")
        st.markdown(f"**{words % off}**")
    elif answer.is_right:
        st.markdown(f"**{as_markdown(_('Right: %s') % asked.shown_right)}**")
    else:
        st.markdown(f"**{as_markdown(_('No, the answer is %s.') % asked.shown_right)}**")
        st.markdown(as_markdown(asked.alternatives[int(answer.given)].mistake))
    st.markdown(as_markdown(asked.reason))


def _save() -> None:
    """How many answers are right, and buttons that save them on the reader's own machine."""
    given = answers.given_answers().values()
    if not given:
        return
    words = _("Right in this session: %(right)s of %(all)s. Nobody keeps your answers but you.")
    st.caption(words % {"right": sum(one.is_right for one in given), "all": len(given)})
    with st.container(horizontal=True):
        for name, make, mime in (
            ("CSV", answers.csv_file, "text/csv"),
            ("JSON", answers.json_file, "application/json"),
        ):
            st.download_button(
                _("Save your answers as %s") % name,
                data=make,
                file_name=f"lora-viz-answers.{name.lower()}",
                mime=mime,
                on_click="ignore",
                key=f"save-answers-{name}",
            )
