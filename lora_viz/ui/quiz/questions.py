"""The questions of a page as they are drawn: first to be answered, then with the truth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

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
        with column.container(border=True, height="stretch"):
            draw_question(page, one)
    _save()


def draw_question(page: Page, asked: Prediction) -> None:
    """One question; once it is answered, what is right and why."""
    answer = answers.given_answers().get(asked.key)
    st.markdown(as_markdown(asked.text))
    if answer:
        _truth(answer)
        return
    is_ready = _choice(asked) if asked.whole is None else _length(asked, asked.whole)
    st.button(
        _("Look"),
        key=f"quiz-look-{asked.key}",
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
    return f"quiz-guess-{asked.key}"


def _choice(asked: Prediction) -> bool:
    """The answers to choose from; whether one is chosen."""
    chosen = st.radio(
        as_markdown(asked.text),
        range(len(asked.alternatives)),
        index=None,
        format_func=lambda place: as_markdown(asked.shown(place)),
        key=_widget(asked),
        label_visibility="collapsed",
    )
    return chosen is not None


def _length(asked: Prediction, whole: float) -> bool:
    """A bar drawn to scale and a slider below it, which is somewhere at any time."""
    bar = st.container(gap=None)
    share = st.slider(
        as_markdown(asked.text),
        0.0,
        100.0,
        HALF,
        0.5,
        format="%.1f %%",
        key=_widget(asked),
        label_visibility="collapsed",
    )
    with bar:
        _bars(asked, whole, whole * share / 100)
    return True


def _bars(asked: Prediction, whole: float, guess: float, truth: float | None = None) -> None:
    """The whole, the guess, and the truth once it may be seen, to one scale."""
    bars = [
        GuessBar(_("All of it: %s") % asked.shown(whole), 1.0),
        GuessBar(_("Your guess: %s") % asked.shown(guess), guess / whole),
    ]
    if truth is not None:
        words = _("The truth: %s") % asked.shown(truth)
        bars.append(GuessBar(words, truth / whole, is_truth=True))
    st.markdown(guess_bars(bars).svg, unsafe_allow_html=True)


def _truth(answer: answers.GivenAnswer) -> None:
    """What is right, what the chosen mistake was, and the reason."""
    asked, given = answer.asked, answer.given
    if asked.whole is not None:
        _bars(asked, asked.whole, given, asked.right_number)
        off = percent(abs(given - asked.right_number) / asked.whole, 1)
        words = _("Close: off by %s of the bar.") if answer.is_right else _("Off by %s of the bar.")
        st.markdown(f"**{words % off}**")
    else:
        st.markdown("  \n".join(_marked(asked, int(given))))
        words = _("Right: %s") if answer.is_right else _("No, the answer is %s.")
        st.markdown(f"**{as_markdown(words % asked.shown_right)}**")
        if mistake := asked.alternatives[int(given)].mistake:
            st.markdown(as_markdown(mistake))
    st.markdown(as_markdown(asked.reason))


def _marked(asked: Prediction, given: int) -> Iterator[str]:
    """Each answer on its line: the right one, the one that was given, the others."""
    for place, one in enumerate(asked.alternatives):
        words = as_markdown(asked.shown(place))
        mark = "✓" if one.mistake is None else "✗" if place == given else "○"
        yield f"{mark} {words}" + (f" ← {_('your answer')}" if place == given else "")


def _save() -> None:
    """How many answers are right, and buttons that save them on the reader's own machine."""
    given = answers.given_answers().values()
    if not given:
        return
    words = _("Right in this session: %(right)s of %(all)s. Nobody keeps your answers but you.")
    st.caption(words % {"right": sum(one.is_right for one in given), "all": len(given)})
    with st.container(horizontal=True):
        for name, data, mime in (
            ("CSV", partial(answers.csv_file, answers.as_table()), "text/csv"),
            ("JSON", answers.json_file(), "application/json"),
        ):
            st.download_button(
                _("Save your answers as %s") % name,
                data=data,
                file_name=f"lora-viz-answers.{name.lower()}",
                mime=mime,
                on_click="ignore",
                key=f"save-answers-{name}",
            )
