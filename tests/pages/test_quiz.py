"""Every page ends with questions: guessed, judged with a reason, asked anew when things change."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.i18n import LANGUAGES, set_language
from lora_viz.questions import workers
from lora_viz.quiz.of_pages import OF_PAGES
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.page_list import PAGES, Page
from lora_viz.ui.page_list import page as page_of
from lora_viz.ui.quiz import answers
from lora_viz.ui.quiz.answers import ANSWERS, GivenAnswer
from lora_viz.ui.session import state
from tests.application import opened

ROOT = Path(__file__).parents[2]
SMALL = {"model": "tiny-gpt2", "seq_len": "16", "batch_size": "1", "planned_methods": "lora"}
ENGLISH = re.compile(r"\b[a-z]+(?: [a-z]+){3,}")
KOREAN = re.compile("[가-힣]")


def open_box(app: AppTest, page: Page) -> None:
    """Turn to a page whose questions are seen."""
    app.session_state[f"quiz-{page.name}"] = True
    app.switch_page(str(page.file)).run()
    assert not app.exception, f"{page.name}: {app.exception[0].value}"


def questions(app: AppTest) -> list[str]:
    """The keys of the questions that wait for an answer."""
    keys = [button.key or "" for button in app.main.button]
    return [key.removeprefix("quiz-look-") for key in keys if key.startswith("quiz-look-")]


def labels(app: AppTest) -> list[str]:
    """The words of the questions, and those of their answers to choose from."""
    asked = [*app.main.radio, *app.main.slider]
    ours = [one for one in asked if (one.key or "").startswith("quiz-guess-")]
    return [str(one.label) for one in ours]


def look(app: AppTest, key: str, place: int | None = None) -> None:
    """Answer a question: by a choice, or by leaving the bar where it is."""
    if place is not None:
        assert app.button(key=f"quiz-look-{key}").disabled
        app.radio(key=f"quiz-guess-{key}").set_value(place).run()
    app.button(key=f"quiz-look-{key}").click().run()
    assert not app.exception, app.exception[0].value


def given(app: AppTest) -> dict[str, GivenAnswer]:
    return app.session_state[ANSWERS]


def test_every_page_asks_and_answers_with_a_reason() -> None:
    set_language("en")
    app = opened(**SMALL)
    asked: dict[str, list[str]] = {}
    for page in PAGES:
        if not page.needs:
            continue
        open_box(app, page)
        asked[page.name] = questions(app)
        assert len(asked[page.name]) >= 2, page.name
    names = [key.partition(":")[0] for keys in asked.values() for key in keys]
    assert len(set(names)) == len(names)
    for language in LANGUAGES:
        set_language(language)  # AppTest names options outside of the app's own thread
        alone = all_questions(app, language=language)
        assert questions(alone) == [key for keys in asked.values() for key in keys]
        is_korean = language == "ko"
        assert all(bool(KOREAN.search(one)) == is_korean for one in labels(alone))
        for radio in alone.main.radio:
            radio.set_value(0)
        alone.run()
        for key in questions(alone):
            alone.button(key=f"quiz-look-{key}").click()
        assert not alone.run().exception
        said = [one.value for one in alone.main.markdown]
        answers_given = given(alone)
        assert len(answers_given) == len(names) and not questions(alone)
        reasons = [as_markdown(one.asked.reason) for one in answers_given.values()]
        assert set(reasons) <= set(said)
        assert not is_korean or not [one for one in said if ENGLISH.search(one)]


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


def all_questions(app: AppTest, **settings: Any) -> AppTest:
    """The questions of all pages on one page, for the reader of an app."""

    def script() -> None:
        from lora_viz.quiz.of_pages import predictions_for
        from lora_viz.ui.page_list import PAGES
        from lora_viz.ui.quiz.known import known_facts
        from lora_viz.ui.quiz.questions import draw_question

        for page in filter(lambda page: page.needs, PAGES):
            for asked in predictions_for(page.name, known_facts(page)):
                draw_question(page, asked)

    alone = AppTest.from_function(script)
    for name in (state.SCENARIO, state.VIEW, state.TRAINING, state.COMPLAINTS):
        alone.session_state[name] = app.session_state[name]
    alone.session_state[state.SCENARIO] = app.session_state[state.SCENARIO].changed(**settings)
    assert not alone.run().exception
    return alone


def test_right_and_wrong_answers_are_told_apart_and_can_be_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened(**SMALL)
    open_box(app, page_of("checkpoints"))
    key = next(key for key in questions(app) if key.startswith("file-grows"))
    options = [option.replace("\\", "") for option in app.radio(key=f"quiz-guess-{key}").options]
    # 4 blocks of two layers, 128 → 384 and 128 → 128, r = 8 more rows and columns in float32:
    # 98,304 bytes, and a few more digits in the header
    (right,) = (place for place, option in enumerate(options) if option.startswith("98.3"))
    look(app, key, (right + 1) % len(options))
    said = [one.value for one in app.main.markdown]
    assert any("No, the answer is" in one for one in said)
    mistake = given(app)[key].asked.alternatives[(right + 1) % len(options)].mistake
    assert str(mistake) in said
    other = opened(**SMALL)
    open_box(other, page_of("checkpoints"))
    look(other, key, right)
    assert any("**Right: " in one.value for one in other.main.markdown)

    both = {"wrong": given(app)[key], "right": given(other)[key]}
    monkeypatch.setattr(answers, "given_answers", lambda: both)
    rows = list(
        csv.DictReader(io.StringIO(answers.csv_file(answers.as_table()).decode("utf-8-sig")))
    )
    assert [row["Right?"] for row in rows] == ["no", "yes"]
    saved = json.loads(answers.json_file())
    assert [one["is_right"] for one in saved] == [False, True]
    assert saved[1]["answer"] == saved[1]["right_answer"] == options[right]
    assert saved[1]["scenario"]["model"] == "tiny-gpt2"


def test_another_rank_asks_anew_and_shows_no_old_answer() -> None:
    app = opened(**SMALL)
    open_box(app, page_of("parameters"))
    before = questions(app)
    look(app, before[0], 0)
    answer = given(app)[before[0]]
    assert before[0] not in questions(app)
    app.number_input(key="sidebar:rank").set_value(16).run()
    after = questions(app)
    assert len(after) == len(before) and not set(after) & set(before)
    assert not any("the answer is" in one.value for one in app.main.markdown)
    # what the page itself says now is what the question held to be right
    code = " ".join(one.value for one in app.main.code)
    assert f"trainable params: {answer.asked.shown_right} ||" in code
    app.number_input(key="sidebar:rank").set_value(8).run()
    assert before[0] not in questions(app)  # it was answered for this rank


@pytest.mark.parametrize(
    ("page", "settings"),
    [("forward_pass", {"layer": "lm_head"}), ("parameters", {"model": "no-such-model"})],
)
def test_a_page_that_stops_early_still_ends_with_its_box(
    page: str, settings: dict[str, str]
) -> None:
    app = opened(page, **settings)
    assert "Predict, then look" in [one.label for one in app.main.expander]
    open_box(app, page_of(page))
    assert bool(questions(app)) == (page == "forward_pass")
    assert bool(questions(app)) != any("no question here" in one.value for one in app.main.caption)


def test_a_closed_box_is_not_made_and_an_open_one_starts_no_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened("this_machine", model="tiny-gpt2")
    assert not questions(app)

    def refuse(*_args: object) -> None:
        raise AssertionError("a question was put to a worker")

    monkeypatch.setattr(workers, "submit", refuse)
    alone = all_questions(app, model="custom:3x48x3x322x32")
    assert len(questions(alone)) >= len(OF_PAGES) / 2


def test_there_are_no_questions_within_another_page() -> None:
    app = opened("checkpoints", embed="true", **SMALL)
    assert "Predict, then look" not in [one.label for one in app.main.expander]


def test_pages_stop_in_the_way_that_lets_their_end_be_drawn() -> None:
    for file in [*(ROOT / "lora_viz/ui").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        calls = [
            node
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.Call)
        ]
        assert "st.stop" not in {ast.unparse(call.func) for call in calls}, file
