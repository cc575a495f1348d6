"""Whatever runs for a reader speaks that reader's language, in whichever thread it runs."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lora_viz import i18n
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.steps import tokens_of_step
from lora_viz.training.folder.damage import Damage
from lora_viz.training.jobs import launch
from lora_viz.training.runs.run_folder import UnreadableRun
from lora_viz.training.runs.shipped import recorded_lora_run
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweeps import launch as sweep_launch
from lora_viz.training.sweeps.findings import recorded_sweep
from lora_viz.training.sweeps.sweep import Sweep
from lora_viz.ui import page_list, sidebar
from lora_viz.ui.bring_your_own import given as brought
from lora_viz.ui.compare import words as compare
from lora_viz.ui.compare_runs import words as compare_runs
from lora_viz.ui.failed_run import given as failed
from lora_viz.ui.kit import asking, controls, long_work
from lora_viz.ui.layer_map import map as layer_map
from lora_viz.ui.planner import time as planner_time
from lora_viz.ui.quiz import box, questions
from lora_viz.ui.rank import new_sweep
from lora_viz.ui.runs import buttons, damaged
from lora_viz.ui.runs.read import recorded
from lora_viz.ui.session import state
from lora_viz.ui.session.view import View
from lora_viz.ui.stage import entrance, notes, stage
from lora_viz.ui.take_home import place as take_home
from lora_viz.ui.take_home.training_files import training_files
from lora_viz.ui.this_machine import words as machine
from lora_viz.ui.tour import bar, guide
from lora_viz.ui.training_lab import progress, settings, start

ROOT = Path(__file__).parents[2]
DRAWING = [*ROOT.glob("lora_viz/ui/**/*.py"), *ROOT.glob("pages/**/*.py")]
CALLBACK = re.compile(r"on_(click|change|select|press|\w+_change)")
LATER = re.compile(r"st\.fragment$|st\.dialog\(.+\)$")
HANDED_ON = {"on_click", "action", "function"}  # a helper's own parameters
ENGLISH = re.compile(r"\b[A-Za-z]+(?:,? [a-z]+){3,}")


def test_the_session_alone_sets_the_language() -> None:
    setters = {
        file.relative_to(ROOT).as_posix()
        for file in DRAWING
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and "set_language" in {one.name for one in node.names}
    }
    assert setters == {"lora_viz/ui/session/state.py"}


def callbacks_and_fragments() -> set[str]:
    """Every function that Streamlit calls outside of a page's run, as folder/module:name."""
    found = set()
    for file in DRAWING:
        module = f"{file.parent.name}/{file.stem}"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            found |= {f"{module}:{name}" for name in _called_later(node)}
    return found


def _called_later(node: ast.AST) -> Iterator[str]:
    values: list[ast.expr | None] = []
    if isinstance(node, ast.keyword) and node.arg and CALLBACK.fullmatch(node.arg):
        values = [node.value]
    elif isinstance(node, ast.Dict):
        values = [
            value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and CALLBACK.fullmatch(str(key.value))
        ]
    elif isinstance(node, ast.Call) and LATER.match(ast.unparse(node.func)):
        values = list(node.args)
    elif isinstance(node, ast.FunctionDef) and any(
        ast.unparse(one).startswith("st.fragment") for one in node.decorator_list
    ):
        yield node.name
    for value in values:
        if isinstance(value, ast.Name | ast.Attribute) and ast.unparse(value) not in HANDED_ON:
            yield ast.unparse(value)


def refuse(*_args: Any, **_kwargs: Any) -> Any:
    """What stands for something that cannot be done."""
    raise UserError(N_("“%s” is still running."), "a")


def put(key: str, value: object) -> None:
    """Let the session hold what a widget's callback reads."""
    st.session_state[key] = value


def changed(field: str, value: object) -> None:
    """A control's callback after a reader has set it to `value`."""
    put("key", value)
    controls._changed(Scenario, field, "key")


def emptied() -> None:
    """The callback of a list of which a reader has taken the last."""
    put("key", [])
    controls._several_changed(Scenario, "target_modules", "key", str, ())


def calibrated() -> None:
    """A measured step that would be faster than the card can be."""
    put(planner_time.MEASURED, 0.1)
    planner_time._calibrate(None, state.scenario())  # type: ignore[arg-type]


def pressed(**values: str) -> None:
    """What the layer map tells that was pressed."""
    put(layer_map.KEY, SimpleNamespace(**values))


def started() -> None:
    """A start without data."""
    put(state.TRAINING, state.training().changed(task="own"))
    start._start()


def chose_recipe() -> None:
    """A recipe of the sidebar's list."""
    put(sidebar.RECIPE, "qlora-paper")
    sidebar._take_recipe()


def pasted_failure() -> None:
    """A text that is no message of PyTorch's."""
    put(failed.PASTED, "Killed")
    failed._take_text()
    st.write(str(st.session_state[failed.GIVEN]))


def pasted() -> None:
    """A text that is no file that is known."""
    put(brought.PASTED, "a: 1")
    brought._take_text()
    given = brought.given()
    assert given
    st.write(given.name, str(given.found))


def said_later(key: str, call: Callable[[], object]) -> None:
    """Call what leaves its words in the session, and show them."""
    call()
    st.write(st.session_state[key])


def opened_box(name: str) -> None:
    """The questions at the end of a page, in their open box."""
    put(f"quiz-{name}", True)
    box.predict_then_look(page_list.page(name))


def looked() -> None:
    """An answer to a question, whose widget says the first of those to choose from."""
    asked = tokens_of_step(KnownFacts(state.scenario()))
    assert asked
    put(questions._widget(asked), 0)
    questions._look("compare", asked)


def shipped_sweep() -> Sweep:
    """One that comes with the application."""
    found = recorded_sweep("style")
    assert found
    return found


def page(name: str) -> None:
    """A page with its fragments, without the run's beginning, which would set the language."""
    runpy.run_path(str(ROOT / "pages" / f"{name}.py"))


# how to fire each, so that it says something if it ever does
FIRED: dict[str, Callable[[], object]] = {
    "kit/long_work:_stop": lambda: long_work._stop("a"),
    "kit/long_work:_go_on": lambda: long_work._go_on("a"),
    "kit/controls:_changed": lambda: changed("rank", 5000),
    "kit/controls:_several_changed": emptied,
    "planner/time:_calibrate": calibrated,
    "training_lab/start:_use_embedded": start._use_embedded,
    "training_lab/start:_start_embedded": start._start_embedded,
    "training_lab/start:_start": started,
    "training_lab/start:state.update": lambda: state.update(seq_len=10**9),
    "training_lab/settings:_let_go": settings._let_go,
    "training_lab/progress:_view": lambda: progress._view(recorded_lora_run(), False),
    "bring_your_own/given:_take_text": pasted,
    "failed_run/given:_take_text": pasted_failure,
    "ui/sidebar:_take_recipe": chose_recipe,
    "compare_runs/words:_delete_now": lambda: compare_runs._delete_now(
        recorded(recorded_lora_run())
    ),
    "compare/words:_keep": lambda: compare._keep((Scenario(),)),
    "compare/words:_use": lambda: compare._use(Scenario(rank=4)),
    "quiz/box:predict_then_look": lambda: opened_box("this_machine"),
    "quiz/questions:_look": looked,
    "rank/new_sweep:_start": lambda: said_later("sweep-failed", lambda: new_sweep._start("qa", 1)),
    "rank/new_sweep:_go_on": lambda: new_sweep._go_on(shipped_sweep()),
    "rank/new_sweep:_progress": lambda: new_sweep._progress(shipped_sweep()),
    "take_home/place:_keep": take_home._keep,
    "take_home/training_files:training_files": training_files,
    "runs/damaged:_delete_now": lambda: damaged._delete_now(
        UnreadableRun(recorded_lora_run().path, Damage("settings.json", "missing"))
    ),
    "runs/buttons:_stop": lambda: buttons._stop(recorded_lora_run()),
    "runs/buttons:_resume": lambda: buttons._resume(recorded_lora_run()),
    "runs/buttons:_queue": lambda: buttons._queue([recorded_lora_run()]),
    "layer_map/map:_toggle": lambda: (pressed(toggled="c_attn"), layer_map._toggle()),
    "layer_map/map:_open": lambda: (pressed(opened="h.1"), layer_map._open()),
    "tour/bar:_do": lambda: bar._do("next"),
    "tour/bar:guide.step": lambda: guide.step(1),
    "tour/bar:guide.leave": guide.leave,
    "tour/bar:guide.show_the_try": guide.show_the_try,
    "tour/bar:guide.go_back_to_page": guide.go_back_to_page,
    "stage/stage:_do_on_stage": lambda: stage._do_on_stage("leave"),
    "stage/stage:_switch_controls": stage._switch_controls,
    "stage/stage:leave_stage": stage.leave_stage,
    "stage/stage:turn": lambda: (
        st.session_state.update({guide.ON: "start"}),
        stage.turn(1),
    ),
    "stage/entrance:_enter": entrance._enter,
    "stage/notes:_follow": notes._follow,
    "tour/ways_in:guide.begin": lambda: guide.begin("explainer"),
    "tour/ways_in:guide.take_up": guide.take_up,
    "this_machine/words:reading_now.clear": machine.reading_now.clear,
    "decide/this_machine:gpus_now": lambda: page("decide/this_machine"),
    "train/compare_runs:draw_curves": lambda: page("train/compare_runs"),
}
SILENT = {
    "stage/stage:_do_on_stage",
    "stage/stage:_switch_controls",
    "stage/stage:leave_stage",
    "stage/stage:turn",
    "stage/entrance:_enter",
    "tour/bar:_do",
    "tour/bar:guide.step",
    "tour/bar:guide.leave",
    "tour/bar:guide.show_the_try",
    "tour/bar:guide.go_back_to_page",
    "tour/ways_in:guide.begin",
    "tour/ways_in:guide.take_up",
    "kit/long_work:_stop",
    "kit/long_work:_go_on",
    "training_lab/start:_use_embedded",
    "training_lab/settings:_let_go",
    "compare/words:_keep",
    "compare/words:_use",
    "quiz/questions:_look",
    "ui/sidebar:_take_recipe",
    "layer_map/map:_open",
    "this_machine/words:reading_now.clear",
}


def test_every_callback_and_fragment_is_fired_below() -> None:
    assert callbacks_and_fragments() == set(FIRED)


@pytest.mark.parametrize("name", sorted(FIRED))
def test_a_callback_in_a_fresh_thread_speaks_the_readers_language(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[str] = set()
    known = i18n.translations
    monkeypatch.setattr(
        i18n, "translations", lambda language: asked.add(language) or known(language)
    )
    monkeypatch.setattr(planner_time, "calibrated_utilisation", lambda *_args: 2.0)
    for place, function in (
        (launch, "start"),
        (new_sweep, "create_sweep"),
        (sweep_launch, "start"),
        (layer_map, "toggle"),
        (take_home, "keep_link"),
    ):
        monkeypatch.setattr(place, function, refuse)
    monkeypatch.setattr(asking, "architecture", lambda: SimpleNamespace(blocks=("h.0", "h.1")))
    monkeypatch.setattr(asking, "adapter_layout", lambda: None)
    monkeypatch.setattr(Sweep, "is_alive", lambda _sweep: True)
    monkeypatch.setattr(machine, "_torch_in_a_worker", refuse)
    monkeypatch.setattr(st, "page_link", lambda *_args, **_kwargs: None)  # there is no navigation
    monkeypatch.setattr(
        buttons, "recorded", lambda run: replace(recorded(run), state="queued", events=())
    )

    def fresh_thread(name: str) -> None:
        import streamlit as st

        from lora_viz.ui.session import state
        from tests.ui.test_language import FIRED

        FIRED[name]()
        with state.complaints() as sentences:
            for sentence in sentences:
                st.write(str(sentence))

    app = AppTest.from_function(fresh_thread, args=(name,), default_timeout=60)
    app.session_state[state.SCENARIO] = Scenario(language="ko")
    app.session_state[state.VIEW] = View()
    app.session_state[state.TRAINING] = TrainingSettings()
    app.session_state[state.COMPLAINTS] = []
    app.run()
    assert not app.exception, app.exception[0].value
    shown = "\n".join(
        value for one in app.main if isinstance(value := getattr(one, "value", None), str)
    )
    assert asked <= {"ko"}
    assert not ENGLISH.findall(shown), shown
    assert (name in SILENT) or re.search("[가-힣]", shown), shown
