"""Every page opens for links full of paths and nonsense, and opens no file that they name."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lora_viz.i18n import set_language
from lora_viz.ui.kit.controls import _as_typed
from lora_viz.ui.page_list import PAGES
from tests.application import file_of, followed
from tests.pages.test_every_page import AFFORDABLE
from tests.ui.test_links import BAIT, NAMES, PATHS, WRONG, opened_files

SMALL = {"model": "custom:1x8x1x99x8", "seq-len": "8"}  # so that steps are simulated at once
# of the kinds that read most from a link, and simulate nothing
QUICK = [page for page in PAGES if page.section == "train" or page.name in ("layer_map", "rank")]
MOST_WARNINGS = 6 + 3  # of the link, and of pages about names that are not there


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    set_language("en")


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    """A folder that could be a model's, a run's and a data file's, if a link could name it."""
    folder = tmp_path / BAIT
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    (folder / "settings.json").write_text("{}")
    return folder


def test_no_page_opens_what_a_link_names(bait: Path) -> None:
    query = {name: str(bait) for name in NAMES} | {
        "compare": f"model={bait}~model=gpt2&targets={bait}",
        "planned-models": f"{bait},{bait}/config.json",
        "runs": f"{bait},../{BAIT}",
    }
    del query["model"]
    with opened_files() as files:
        app = followed(query | {"targets": "all-linear"} | SMALL)
        said = [message.value for message in app.warning]
        for page in AFFORDABLE:
            app.switch_page(str(page.file)).run()
            assert not app.exception, page
            assert len(app.main.error) + len(app.warning) <= MOST_WARNINGS, page
            assert BAIT not in str(app.query_params), page
    assert len(said) == 6
    assert [line for line in files if BAIT in line] == []


def test_a_link_to_a_file_or_to_nobody_leaves_the_lab_in_order() -> None:
    for path in ("/etc/passwd", "~nosuchuser/x", "a/" * 3000):
        for name in ("train-data_file", "train-data"):
            app = followed({name: path, "train-task": "own"} | SMALL)
            (warning,) = app.warning
            assert "Data file is not taken from links" in warning.value
            assert app.number_input(key="sidebar:rank").value == 8  # the sidebar is there
            app.switch_page(file_of("training_lab")).run()
            assert not app.exception and app.session_state["training"].data_file == ""


def test_pages_open_for_nonsense_in_every_field() -> None:
    chance = random.Random(11)
    for _attempt in range(12):
        query = {name: chance.choice(WRONG + PATHS) for name in NAMES}
        app = followed(query, chance.choice(QUICK).name)
        assert not app.exception, query
        assert len(app.main.error) + len(app.warning) <= MOST_WARNINGS


def test_many_names_of_runs_cost_one_sentence() -> None:
    app = followed({"runs": ",".join(f"r{n}" for n in range(20_000))} | SMALL)
    (warning,) = app.warning
    assert "Runs cannot be" in warning.value and len(warning.value) < 300
    app = followed({"runs": "a,b,c,d,e,f,g"} | SMALL, "compare_runs")
    (warning,) = app.warning
    assert warning.value == "There is no run “a”, “b”, “c”, “d”, “e”, “f”, “g”."


def test_a_folder_typed_into_the_sidebar_stays_out_of_the_address(
    bait: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = '{"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 1, "vocab_size": 99}'
    (bait / "config.json").write_text(small)
    app = followed(SMALL, "compare")
    with monkeypatch.context() as there:
        there.chdir(bait.parent)
        (typed,) = _as_typed("planned_models", [BAIT], ())
        assert typed == _as_typed("model", BAIT, "gpt2") == str(bait)
        assert _as_typed("planned_models", [BAIT], (BAIT,)) == [BAIT]  # of the link, not typed now
    app.session_state["scenario"] = app.session_state["scenario"].changed(model=typed)
    app.run()
    assert any("not in the address" in caption.value for caption in app.sidebar.caption)
    app.button(key="compare:add").click().run()
    assert not app.exception and BAIT not in str(app.query_params)
    assert BAIT in app.session_state["view"].compared
    assert "holds all of them except A" in "\n".join(caption.value for caption in app.main.caption)
    assert BAIT not in app.code[0].value
