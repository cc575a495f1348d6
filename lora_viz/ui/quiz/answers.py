"""A session's answers, which end with it; only a reader saves them, on their own machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import _
from lora_viz.quiz.prediction import Prediction
from lora_viz.ui.kit.literal import as_csv, as_frame
from lora_viz.ui.page_list import page
from lora_viz.ui.session import state

ANSWERS = "quiz-answers"
MOST_ANSWERS = 500


@dataclass(frozen=True)
class GivenAnswer:
    """What was asked on which page and for which scenario, and what the reader said.

    `given` is the place of an alternative, or a length of the bar in the question's unit.
    """

    page: str
    asked: Prediction
    given: float
    scenario: Scenario

    @property
    def is_right(self) -> bool:
        """Whether it is the right answer."""
        return self.asked.is_right(self.given)


def given_answers() -> dict[str, GivenAnswer]:
    """This session's answers by the keys of their questions, in the order in which they came."""
    return st.session_state.setdefault(ANSWERS, {})


def keep_answer(page_name: str, asked: Prediction, given: float) -> None:
    """Keep an answer for this session."""
    answers = given_answers()
    answers[asked.key] = GivenAnswer(page_name, asked, given, state.scenario())
    if len(answers) > MOST_ANSWERS:
        del answers[next(iter(answers))]


def as_table() -> list[dict[str, Any]]:
    """The answers as rows with titles in the reader's language."""
    return [
        {
            _("Page"): _(page(one.page).title),
            _("Question"): str(one.asked.text),
            _("Your answer"): one.asked.shown(one.given),
            _("Right answer"): one.asked.shown_right,
            _("Right?"): _("yes") if one.is_right else _("no"),
            _("Scenario"): urlencode(one.scenario.to_query()),
        }
        for one in given_answers().values()
    ]


def csv_file(rows: list[dict[str, Any]]) -> bytes:
    """The rows of `as_table` as CSV; made when a file is fetched, where no session is known."""
    return as_csv(as_frame(rows))


def json_file() -> bytes:
    """The answers as JSON, whose names are the same in every language."""
    rows = [
        {
            "page": one.page,
            "question": one.asked.name,
            "text": str(one.asked.text),
            "answer": one.asked.shown(one.given),
            "right_answer": one.asked.shown_right,
            "is_right": one.is_right,
            "scenario": one.scenario.to_query(),
        }
        for one in given_answers().values()
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1).encode()
