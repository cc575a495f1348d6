"""Within another page the application is looked at: no button acts, whatever a browser sends."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.training.folder import locks
from lora_viz.training.jobs import launch
from lora_viz.training.runs.events import EventWriter, StateEvent
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.sweeps import launch as sweep_launch
from lora_viz.ui.rank import new_sweep
from lora_viz.ui.session import frames
from lora_viz.ui.session.frames import ORIGINS, allowed_origins, frame_ancestors
from tests.application import opened
from tests.training.jobs import short_settings

ROOT = Path(__file__).parents[2]
LAB, RUNS, RANK = "training_lab", "compare_runs", "rank"
SMALL = {"model": "tiny-gpt2", "seq-len": "64"}


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    return tmp_path


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was really done meanwhile."""
    done: list[str] = []
    for owner, name in (
        *((launch, name) for name in ("start", "stop", "resume")),
        (sweep_launch, "start"),
        (new_sweep, "create_sweep"),
        (Run, "delete"),
    ):
        monkeypatch.setattr(owner, name, lambda *_, name=name: done.append(name))
    return done


@pytest.fixture
def ended(runs: Path) -> Run:
    """A run that was cut off, which can be resumed and deleted."""
    run = create_run(short_settings(), "ended", runs)
    writer = EventWriter(run.events_file)
    writer.write(StateEvent(state="training"))
    writer.close()
    return run


@pytest.fixture
def running(ended: Run) -> Iterator[Run]:
    """That run while its job holds the lock."""
    lock = locks.take(ended.lock_file)
    assert lock is not None
    yield ended
    os.close(lock)


def open_page(page: str, **settings: str) -> AppTest:
    return opened(page, **(SMALL | settings))


def press(app: AppTest, key: str) -> None:
    """Send a click for a disabled button, as a forged message of a browser could."""
    button = app.button(key=key)
    assert button.disabled and "Inside another page" in button.help
    button.proto.disabled = False
    button.click().run()
    assert not app.exception


def test_nothing_is_started_or_resumed(ended: Run, acts: list[str]) -> None:
    app = open_page(LAB, embed="true", **{"train-task": "own"})
    assert not app.get("file_uploader")
    press(app, "start-training")
    press(app, f"resume:{ended.name}")
    press(open_page(RANK, embed="true"), "start-sweep")
    press(open_page(LAB, embed="true", model="custom:2x64x2x300x64"), "start-embedded")
    assert acts == []


@pytest.mark.usefixtures("running")
def test_nothing_is_stopped(acts: list[str]) -> None:
    app = open_page(LAB, embed="true")
    stops = [button.key for button in app.main.button if (button.key or "").startswith("stop:")]
    assert stops
    for key in stops:
        press(app, str(key))
    assert acts == []


def test_nothing_is_deleted(ended: Run, acts: list[str]) -> None:
    press(open_page(RUNS, embed="true", runs="ended"), f"delete:{ended.name}")
    assert acts == []


@pytest.mark.usefixtures("ended")
def test_elsewhere_the_same_buttons_act(acts: list[str]) -> None:
    app = open_page(LAB)
    app.button(key="resume:ended").click().run()
    open_page(RUNS, runs="ended").button(key="delete:ended").click().run()
    assert acts == ["resume", "delete"]


@pytest.mark.parametrize("query", [{"embed": "false"}, {"EMBED": "true"}, {"embed": ""}], ids=str)
def test_a_session_stays_what_it_began_as(query: dict[str, str], acts: list[str]) -> None:
    app = open_page(LAB, **query)
    for name in query:
        del app.query_params[name]
    app.run()
    press(app, "start-training")
    assert acts == []


def test_a_callback_asks_again_when_it_is_called() -> None:
    """Streamlit drops clicks for disabled buttons; should it once let one pass, nothing is done."""

    def script() -> None:
        import streamlit as st

        from lora_viz.ui.session import frames

        st.session_state.done = []
        act = frames._only_if_allowed(st.session_state.done.append)
        act("before")
        st.session_state[frames.ONLY_LOOKED_AT] = True
        act("after")

    assert AppTest.from_function(script).run().session_state["done"] == ["before"]


@pytest.mark.parametrize(
    ("query", "anyone"),
    [
        ("", False),
        ("rank=4", False),
        ("embed=true", True),
        ("rank=4&embed=true&embed_options=light_theme", True),
        ("embed=false", False),
        ("embed=TRUE", False),
        ("Embed=true", False),
        ("embed=true&embed=false", False),
        ("embed=true&EMBED=false", False),
        ("notembed=true", False),
    ],
)
def test_only_an_embedded_address_may_be_framed_by_anyone(
    query: str, anyone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ORIGINS, " https://course.example http://127.0.0.1:8000 ")
    allowed = "frame-ancestors 'self' https://course.example http://127.0.0.1:8000"
    assert frame_ancestors(query) == ("frame-ancestors *" if anyone else allowed)


@pytest.mark.parametrize(
    "value", ["*", "course.example", "https://a.b; script-src *", "https://a/b"]
)
def test_a_setting_that_names_no_origin_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ORIGINS, value)
    with pytest.raises(ValueError, match="should be origins such as"):
        allowed_origins()


def test_whatever_acts_asks_first() -> None:
    """No plain button of Streamlit leads to a start, stop, resume or delete, and none uploads."""
    for file in [*(ROOT / "lora_viz/ui").glob("**/*.py"), *(ROOT / "pages").glob("**/*.py")]:
        if file != Path(frames.__file__):
            assert plain_buttons_that_act(ast.parse(file.read_text())) == [], file
            assert "st.file_uploader" not in file.read_text(), file


def plain_buttons_that_act(module: ast.Module) -> list[str]:
    """The calls of `….button` whose callback acts, or that stand before something that acts."""
    functions = {node.name: node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
    acting: set[str] = set()
    for _round in functions:  # a function that calls one that acts, acts
        acting |= {name for name, node in functions.items() if acts_itself(node, acting)}
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and is_plain_button(node):
            callbacks = [word.value for word in node.keywords if word.arg == "on_click"]
            found += [ast.unparse(one) for one in callbacks if ast.unparse(one) in acting]
        elif isinstance(node, ast.If) and acts_itself(ast.Module(node.body, []), acting):
            calls = [call for call in ast.walk(node.test) if isinstance(call, ast.Call)]
            found += [ast.unparse(call) for call in calls if is_plain_button(call)]
    return found


def acts_itself(node: ast.AST, acting: set[str]) -> bool:
    called = {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
    of_jobs = {"launch.start", "launch.stop", "launch.resume", "sweep_launch.start"}
    return bool(called & (of_jobs | acting)) or any(name.endswith(".delete") for name in called)


def is_plain_button(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith((".button", ".form_submit_button"))


def test_the_search_for_buttons_finds_them() -> None:
    code = (
        "def a(): launch.stop(x)\ndef b(): a()\nst.button('x', on_click=b)\nif st.button('y'): b()"
    )
    assert set(plain_buttons_that_act(ast.parse(code))) == {"b", "st.button('y')"}
