"""What a page leaves for later: done once, if it is asked for, for whoever knows its address."""

from __future__ import annotations

import gc

from starlette.applications import Starlette
from starlette.testclient import TestClient

from lora_viz import i18n
from lora_viz.i18n import N_, _
from lora_viz.ui.serving.later import FOLDER, WORD_BYTES, Later, later_route

SERVER = TestClient(Starlette(routes=[later_route()]))
WORDS = N_("Play")


def test_nothing_is_done_before_somebody_asks_and_then_once() -> None:
    done: list[str] = []
    later = Later(lambda: done.append("work") or {"done": len(done)})
    assert not done
    for _time in range(2):
        answer = SERVER.get(later.address)
        assert answer.json() == {"done": 1}
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "private, no-store"


def test_an_address_is_not_to_be_guessed_and_no_word_is_another_s() -> None:
    kept = [Later(lambda: "secret") for _time in range(100)]
    words = {one.address.removeprefix(f"{FOLDER}/") for one in kept}
    assert len(words) == 100 and all(len(word) >= WORD_BYTES for word in words)
    for guess in ("", "a" * 32, "../app.py", next(iter(words))[:-1]):
        assert SERVER.get(f"{FOLDER}/{guess}").status_code == 404


def test_what_its_session_no_longer_keeps_is_found_no_longer() -> None:
    later = Later(lambda: "kept")
    address = later.address
    assert SERVER.get(address).json() == "kept"
    del later
    gc.collect()
    assert SERVER.get(address).status_code == 404


def test_an_answer_speaks_the_language_of_whoever_left_it() -> None:
    said = {}
    for language in ("ko", "en"):
        i18n.set_language(language)
        said[language] = Later(lambda: _(WORDS))
    assert SERVER.get(said["ko"].address).json() == i18n.translations("ko").gettext(WORDS)
    assert SERVER.get(said["en"].address).json() == WORDS
    assert i18n.current_language() == "en"


def test_what_cannot_be_done_is_an_error_of_its_answer_alone() -> None:
    server = TestClient(SERVER.app, raise_server_exceptions=False)
    broken, whole = Later(lambda: 1 / 0), Later(lambda: 1)
    assert server.get(broken.address).status_code == 500
    assert server.get(whole.address).json() == 1
