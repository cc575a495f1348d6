"""A short link stands for parameters that are kept, and may set what any link may."""

from __future__ import annotations

from pathlib import Path

import pytest

from lora_viz import storage
from lora_viz.errors import UserError
from lora_viz.ui.session import links
from lora_viz.ui.session.short_links import LONGEST, keep_link, restored
from tests.application import opened
from tests.hostile import EVERYTHING


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path))


def test_it_restores_what_it_was_made_of() -> None:
    query = {"rank": "16", "compare": "model=gpt2~model=gpt2&rank=4", "layer": EVERYTHING}
    word = keep_link(query)
    assert word == keep_link(query) and len(word) == 16
    assert restored({"s": word}) == (query, [])
    assert restored({"s": word, "rank": "2"}) == (query | {"rank": "2"}, [])


def test_it_sets_no_more_than_a_link_may() -> None:
    word = keep_link({"model": "/etc", "rank": "5000"})
    found = links.read({"s": word})
    assert (found.scenario.model, found.scenario.rank) == ("gpt2", 8)
    assert len(found.complaints) == 2


@pytest.mark.parametrize("word", ["", "0" * 16, "../../etc/passwd", "0" * 15 + "\n", EVERYTHING])
def test_an_unknown_one_costs_a_sentence(word: str) -> None:
    query, complaints = restored({"s": word, "rank": "4"})
    assert query == {"rank": "4"}
    assert [str(one).startswith("The short link “") for one in complaints] == [True]


def test_a_file_that_is_another_is_not_taken_for_it() -> None:
    word = keep_link({"rank": "16"})
    storage.kept_file("links", word).write_text("rank=32")
    assert restored({"s": word})[0] == {}


def test_what_was_damaged_is_kept_again() -> None:
    word = keep_link({"rank": "16"})
    storage.kept_file("links", word).write_text("rank=1")
    assert keep_link({"rank": "16"}) == word and restored({"s": word})[0] == {"rank": "16"}


def test_too_much_is_not_kept() -> None:
    with pytest.raises(UserError, match="too long"):
        keep_link({"layer": "a" * LONGEST})


def test_the_sidebar_makes_a_report_and_a_short_link() -> None:
    app = opened("start", rank="16")
    app.session_state["take-home-place"] = True
    app.run()
    app.button(key="short-link-button").click().run()
    assert not app.exception
    kept, word = app.session_state["short-link"]
    assert kept == {"rank": "16"} and restored({"s": word})[0] == kept
    assert any(word in code.value for code in app.sidebar.code)
