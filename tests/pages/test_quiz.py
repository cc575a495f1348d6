"""Every page ends with questions: guessed, judged with a reason, asked anew when things change."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import set_language
from lora_viz.questions import workers
from lora_viz.quiz.of_pages import OF_PAGES
from lora_viz.ui.page_list import PAGES, Page
from lora_viz.ui.quiz import answers
from lora_viz.ui.quiz.answers import ANSWERS, GivenAnswer
from tests.application import file_of, opened

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


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_asks_and_answers_with_a_reason(language: str) -> None:
    set_language("en")
    app = opened(lang=language, **SMALL)
    seen: set[str] = set()
    for page in PAGES:
        open_box(app, page)
        asked = questions(app)
        names = {key.partition(":")[0] for key in asked}
        assert len(asked) >= 2 and not names & seen, page.name
        seen |= names
        assert all(bool(KOREAN.search(one)) == (language == "ko") for one in labels(app))
        for key in asked[:2]:
            chooses = f"quiz-guess-{key}" in {radio.key for radio in app.main.radio}
            look(app, key, 0 if chooses else None)
            set_language(language)
            answer = given(app)[key]
            shown = [re.sub(r"\\(?=\W)", "", one.value) for one in app.main.markdown]
            assert re.sub(r"\\(?=\W)", "", str(answer.asked.reason)) in shown, key
            assert f"quiz-look-{key}" not in {button.key for button in app.main.button}
            assert language == "en" or not ENGLISH.search(str(answer.asked.reason))
            set_language("en")
    assert len(given(app)) == 2 * len(PAGES)


def test_right_and_wrong_answers_are_told_apart_and_can_be_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened(**SMALL)
    open_box(app, PAGES[7])
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
    open_box(other, PAGES[7])
    look(other, key, right)
    assert any("**Right: " in one.value for one in other.main.markdown)

    both = {"wrong": given(app)[key], "right": given(other)[key]}
    monkeypatch.setattr(answers, "given_answers", lambda: both)
    rows = list(csv.DictReader(io.StringIO(answers.csv_file().decode("utf-8-sig"))))
    assert [row["Right?"] for row in rows] == ["no", "yes"]
    saved = json.loads(answers.json_file())
    assert [one["is_right"] for one in saved] == [False, True]
    assert saved[1]["answer"] == saved[1]["right_answer"] == options[right]
    assert saved[1]["scenario"]["model"] == "tiny-gpt2"


def test_another_rank_asks_anew_and_shows_no_old_answer() -> None:
    app = opened(**SMALL)
    for page in (PAGES[0], PAGES[5], PAGES[7]):
        open_box(app, page)
        before = questions(app)
        look(app, before[0], 0)
        assert before[0] not in questions(app)
        app.number_input(key="sidebar:rank").set_value(12).run()
        after = questions(app)
        assert len(after) == len(before) and not set(after) & set(before)
        assert not any("the answer is" in one.value for one in app.main.markdown)
        app.number_input(key="sidebar:rank").set_value(8).run()
        assert before[0] not in questions(app)  # it was answered for this rank


@pytest.mark.parametrize(
    ("page", "settings"),
    [
        ("forward_pass", {"model": "llama-3.1-8b", "layer": "lm_head"}),
        ("memory", {"model": "t5-base", "targets": "nothing_like_it"}),
    ],
)
def test_a_page_that_stops_early_still_ends_with_its_box(
    page: str, settings: dict[str, str]
) -> None:
    app = opened(page, **settings)
    assert "Predict, then look" in [one.label for one in app.main.expander]
    open_box(app, next(one for one in PAGES if one.name == page))
    assert questions(app) or any("no question here" in one.value for one in app.main.caption)


def test_a_closed_box_is_not_made_and_an_open_one_starts_no_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = opened("this_machine", model="custom:3x48x3x321x32")
    assert not questions(app)

    def refuse(*_args: object) -> None:
        raise AssertionError("a question was put to a worker")

    monkeypatch.setattr(workers, "submit", refuse)

    def script() -> None:
        from lora_viz.i18n import set_language
        from lora_viz.ui.page_list import PAGES
        from lora_viz.ui.quiz.questions import draw_questions

        set_language("en")
        for page in PAGES:
            draw_questions(page)

    alone = AppTest.from_function(script)
    for name in ("view", "training", "complaints"):
        alone.session_state[name] = app.session_state[name]
    alone.session_state["scenario"] = Scenario(model="custom:3x48x3x322x32")
    assert not alone.run().exception
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


def test_a_page_s_number_is_the_answer() -> None:
    """What the page itself says at the other rank is what the question holds to be right."""
    app = opened("parameters", **SMALL)
    open_box(app, PAGES[5])
    key = next(key for key in questions(app) if key.startswith("trained-at-other-rank"))
    look(app, key, 0)
    answer = given(app)[key]
    app.number_input(key="sidebar:rank").set_value(16).run()
    code = " ".join(one.value for one in app.main.code)
    assert f"trainable params: {answer.asked.shown_right} ||" in code
    assert app.switch_page(file_of("checkpoints")).run().session_state[ANSWERS]
