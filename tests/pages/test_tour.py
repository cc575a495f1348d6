"""Tours on the pages: forward, back, away and taken up again, by their links, and one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.i18n import set_language
from lora_viz.tours.shelf import FOLDER
from lora_viz.ui.tour import guide, ways_in
from tests.application import followed, opened
from tests.hostile import EVERYTHING
from tests.tours.test_author import LESSON

HOSTILE = f"""
title: {EVERYTHING.splitlines()[0]!r}
stops:
  - page: start
    title: "**Za** <b>Zw</b>"
    say: "[Zf](http://other.example/a) $Zs$ :red[Zo] {{rank}} 100 % %(rank)s"
    look: "<script>alert(1)</script>"
"""


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course's folder with one tour, called lesson."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / "lesson.yaml").write_text(LESSON, "utf-8")
    return tmp_path


def at(app: AppTest) -> tuple[str, str, str]:
    """Page, tour and stop, the latter two as the link has them."""
    assert not app.exception, app.exception[0].value
    query = app.query_params
    return app.session_state[guide.ON], query.get("tour", ""), query.get("stop", "")


def bar(app: AppTest) -> str:
    """The bar's text."""
    words = [one.value for one in app.main.markdown]
    start = next(place for place, word in enumerate(words) if "tour-marks" in word)
    return "\n".join(words[start : start + 3])


def click(app: AppTest, key: str) -> AppTest:
    return app.button(key=key).click().run()


def test_the_start_page_has_three_ways_in_and_a_tour_goes_forward_and_back() -> None:
    app = opened(rank=4)
    begins = [one.key for one in app.main.button if str(one.key).startswith("begin-start-")]
    assert begins == [f"begin-start-{name}" for name in ("explainer", "stakeholders", "engineers")]
    click(app, "begin-start-explainer")
    assert at(app) == ("start", "explainer", "") and app.session_state["scenario"].rank == 8
    assert "442,368 of 124,439,808" in bar(app) and "stop 1 of 13" in bar(app)
    assert app.button(key="tour-back").disabled
    click(app, "tour-next")
    assert at(app) == ("full_or_lora", "explainer", "2") and "72.92" in bar(app)
    click(app, "tour-back")
    assert at(app) == ("start", "explainer", "")


def test_a_stop_is_done_when_its_condition_holds() -> None:
    app = followed({"tour": "explainer", "stop": "2"})
    assert at(app)[0] == "full_or_lora"
    assert "✓ Done" not in [one.value for one in app.main.markdown]
    app.toggle(key="page:count_frozen").set_value(True).run()
    assert "✓ Done" in [one.value for one in app.main.markdown]
    assert 'class="done now"' in bar(app)
    app.toggle(key="page:count_frozen").set_value(False).run()
    assert 'class="done now"' in bar(app)  # what was done stays done


def test_show_me_does_what_is_to_be_tried() -> None:
    app = followed({"tour": "explainer", "stop": "7"})
    click(app, "tour-show")
    assert app.session_state["view"].short_target
    assert app.query_params["short-target"] == "1" and app.query_params["stop"] == "7"


def test_a_tour_that_is_left_gives_back_what_was_set_and_is_taken_up_again() -> None:
    app = opened(rank=4, alpha=32)
    click(app, "begin-start-explainer")
    click(app, "tour-next")
    app.number_input(key="sidebar:rank").set_value(16).run()
    click(app, "tour-leave")
    assert at(app) == ("full_or_lora", "", "")
    assert (app.session_state["scenario"].rank, app.session_state["scenario"].alpha) == (4, 32)
    (again,) = (one for one in app.sidebar.button if one.key == "take-up-sidebar")
    assert again.label == "Take up the tour again: stop 2 of 13"
    click(app, "take-up-sidebar")
    assert at(app) == ("full_or_lora", "explainer", "2")
    assert app.session_state["scenario"].rank == 16
    click(app, "tour-leave")
    assert app.session_state["scenario"].rank == 4


def test_who_came_by_a_link_leaves_to_the_usual_settings(course: Path) -> None:
    set_language("ko")  # AppTest names options outside of the app's own thread
    app = followed({"tour": "lesson", "stop": "2", "lang": "ko"})
    assert app.session_state["scenario"].rank == 4 and course.exists()
    click(app, "tour-leave")
    scenario = app.session_state["scenario"]
    assert (scenario.rank, scenario.language) == (8, "ko") and at(app) == ("rank", "", "")


def test_after_the_last_stop_the_tour_is_over(course: Path) -> None:
    app = followed({"tour": "lesson", "stop": "2"})
    assert at(app) == ("rank", "lesson", "2") and course.exists()
    assert app.button(key="tour-next").label == "Finish"
    click(app, "tour-next")
    assert at(app) == ("rank", "", "")
    assert not [one for one in app.button if str(one.key).startswith(("tour-", "take-up"))]


def test_a_link_with_a_page_keeps_what_it_sets_and_one_without_sets_what_the_stop_sets(
    course: Path,
) -> None:
    assert course.exists()
    app = followed({"tour": "lesson", "stop": "2"})
    assert (at(app)[0], app.session_state["scenario"].rank) == ("rank", 4)
    app = followed({"tour": "lesson", "stop": "2", "alpha": "3"})
    assert (app.session_state["scenario"].rank, app.session_state["scenario"].alpha) == (4, 3)
    app = followed({"tour": "lesson", "stop": "2", "rank": "64"}, "parameters")
    assert (at(app)[0], app.session_state["scenario"].rank) == ("parameters", 64)
    click(app, "tour-to-page")
    assert (at(app)[0], app.session_state["scenario"].rank) == ("rank", 4)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"tour": "nowhere"}, "There is no guided tour “nowhere” here"),
        ({"tour": "own-12345678", "stop": "2"}, "is only known where it was uploaded"),
        ({"tour": "../../etc/passwd"}, "Guided tour cannot be “../../etc/passwd”"),
        ({"tour": "explainer", "stop": "0"}, "Stop cannot be “0”"),
        ({"tour": "x" * 5_000}, "Guided tour cannot be “"),
    ],
    ids=str,
)
def test_a_wrong_link_costs_a_sentence(query: dict[str, str], said: str) -> None:
    app = followed(query)
    assert not app.exception
    (warning,) = app.warning
    assert said in warning.value.replace("\\", "")
    assert not app.run().warning


def test_a_stop_beyond_the_last_is_the_last(course: Path) -> None:
    app = followed({"tour": "lesson", "stop": "99"})
    assert at(app)[0] == "rank" and "stop 2 of 2" in bar(app) and course.exists()


def test_a_tour_speaks_korean() -> None:
    app = followed({"tour": "explainer", "lang": "ko"})
    assert "13단계 중 1단계" in bar(app) and "442,368" in bar(app)
    assert "LoRA leaves" not in bar(app)
    click(app, "tour-next")
    assert app.session_state["scenario"].language == "ko" and "72.92" in bar(app)


def test_an_author_s_text_is_shown_as_it_is_written(course: Path) -> None:
    (course / "hostile.yaml").write_text(HOSTILE, "utf-8")
    words = bar(followed({"tour": "hostile"}))
    assert r"\*\*Za\*\* \<b\>Zw\</b\>" in words
    assert r"\[Zf\](http" in words and r"\$Zs\$" in words and r"\:red\[Zo\]" in words
    assert r"8 100 % %(rank)s" in words
    assert "<script" not in words.replace(r"\<script", "")


def test_the_sidebar_lists_a_course_s_tours_and_says_what_is_wrong(course: Path) -> None:
    (course / "broken.yaml").write_text("title: [", "utf-8")
    app = opened()
    app.session_state["tours"] = True
    app.run()
    assert app.button(key="begin-sidebar-lesson").label == r"Lesson three (10 min)"
    assert [one.value for one in app.sidebar.warning] == [
        "broken.yaml is not YAML; look at line 1."
    ]
    click(app, "begin-sidebar-lesson")
    assert at(app) == ("full_or_lora", "lesson", "")
    assert "442,368 of 124,439,808 parameters" in bar(app)


def test_an_uploaded_tour_begins_at_once_or_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"now": LESSON.encode()}

    class Upload:
        name = "mine.yaml"

        def getvalue(self) -> bytes:
            return content["now"]

    given = iter([Upload()])
    monkeypatch.setattr(ways_in, "uploader", lambda *_args, **_options: next(given, None))
    app = opened()
    app.session_state["tours"] = True
    app.run()
    page, tour, _stop = at(app)
    assert page == "full_or_lora" and tour.startswith("own-")
    content["now"], given = b"x" * 10_000_000, iter([Upload()])
    monkeypatch.setattr(ways_in, "uploader", lambda *_args, **_options: next(given, None))
    app.session_state["tours"] = True
    app.run()
    (said,) = (one.value for one in app.sidebar.error)
    assert said == "mine.yaml is too large; a tour has at most 100,000 bytes."
    assert at(app)[1] == tour


def test_within_another_page_nothing_is_uploaded() -> None:
    app = opened(embed="true", tour="explainer", stop="2")
    assert not app.get("file_uploader") and "stop 2 of 13" in bar(app)
