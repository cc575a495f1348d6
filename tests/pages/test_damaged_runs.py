"""Pages over folders of runs that are damaged, and over runs of several readers."""

from __future__ import annotations

import io
import secrets
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.errors import UserError
from lora_viz.i18n import Message
from lora_viz.training.folder.owners import keep_owner, owner_of
from lora_viz.training.folder.writing import write_whole
from lora_viz.training.jobs import launch
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.public_names import public_settings
from lora_viz.training.runs.results import Sample, ending
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.shipped import RECORDED
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.work.adapter_card import write_card
from lora_viz.ui.runs import damaged as damaged_list
from lora_viz.ui.runs.read import recorded
from lora_viz.ui.serving import reader
from lora_viz.ui.training_lab.results import zipped_adapter
from tests.application import file_of, opened
from tests.training.damaged_runs import (
    damaged_full_runs,
    damaged_runs,
    damaged_sweeps,
    whole_run,
)

LAB, COMPARISON = "training_lab", "compare_runs"
TOLD, RANK = "training_process", "rank"
DECOMPOSITION, SUMMARY = "decomposition", "summary"
TINY = {"model": "tiny-gpt2", "seq-len": "64"}
NUMBERS = ("nan", "largest", "infinite")
REBUILT = {"decomposition": "rebuild", "update-source": "trained"}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder full of damaged runs and sweeps."""
    root = tmp_path_factory.mktemp("damaged")
    for making in (damaged_runs(root), damaged_full_runs(root), damaged_sweeps(root)):
        for _name in making:
            pass
    return root


def open_page(page: str, **settings: str) -> AppTest:
    return opened(page, **(TINY | settings))


def words_of(app: AppTest) -> str:
    said = (*app.main.markdown, *app.main.caption, *app.main.info, *app.main.warning)
    return "\n".join(element.value for element in (*said, *app.main.error))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.main.button]


@pytest.mark.parametrize(
    ("page", "query"),
    [(LAB, {}), (COMPARISON, {}), (TOLD, {}), (RANK, {}), (DECOMPOSITION, REBUILT), (SUMMARY, {})],
    ids=str,
)
def test_every_page_lists_what_is_wrong_with_which_folder(
    page: str, query: dict[str, str], damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(damaged))
    app = open_page(page, **query)
    assert not app.error
    if page == SUMMARY:  # which shows nothing but the sweep that ships
        return
    words = words_of(app).replace("\\", "")
    assert "`settings.json.later`: settings.json has “mood”, which this version" in words
    assert "`settings.json.fifo`: settings.json is not an ordinary file." in words
    assert "`result.json.folder`: result.json is a folder where a file should be." in words
    assert ("`sweep-half`: sweep.json is not whole JSON." in words) == (page == RANK)


def test_a_damaged_run_that_a_link_names_is_shown_or_said_to_be_unreadable(
    damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(damaged))
    app = open_page(LAB, run="result.json.folder")
    assert "How it ended is not known" in words_of(app) and "Resume" not in " ".join(labels(app))
    for page, name in (
        *((LAB, f"{file}.{how}") for file in ("events.jsonl", "result.json") for how in NUMBERS),
        *((TOLD, f"events.jsonl.{how}") for how in NUMBERS),
        (LAB, "snapshots.fifo"), (LAB, "job.lock.folder"), (LAB, "adapter.half"),
    ):  # fmt: skip
        app.session_state["view"] = app.session_state["view"].changed(run=name, told_run="")
        app.switch_page(file_of(page)).run()
        assert not app.exception, (name, page, app.exception[0].message)
    named = "events.jsonl.nan,events.jsonl.largest,result.json.infinite,result.json.huge,gone"
    words = words_of(open_page(COMPARISON, runs=f"{named},settings.json.huge"))
    assert "There is no run “gone”." in words
    assert "“settings.json.huge” cannot be read: settings.json has a value of" in words
    for name in ("nan", "largest", "infinite"):
        app = open_page(DECOMPOSITION, **REBUILT, trained_run=f"full-values-{name}")
        assert not app.error and "Your run “full-values-" in words_of(app)
    app = open_page(DECOMPOSITION, **REBUILT, trained_run="full-half-layer_changes")
    assert "layer_changes.safetensors holds no whole tensors. Shown in its place" in words_of(app)
    app = open_page(RANK, sweep="sweep-half")
    assert "“sweep-half” cannot be read: sweep.json is not whole JSON." in words_of(app)


@pytest.mark.parametrize(
    ("page", "query", "sentence"),
    [
        (LAB, {"run": "gone"}, "There is no run “gone”."),
        (LAB, {"run": "-gone"}, "“-gone” cannot name a run"),
        (TOLD, {"run": "gone"}, "There is no run “gone”. Shown in its place: shipped: LoRA"),
        (TOLD, {"told-run": "gone"}, "There is no run “gone”. Shown in its place: shipped: LoRA"),
        (RANK, {"sweep": "gone"}, "There is no rank sweep “gone” here. Shown in its place"),
        (
            DECOMPOSITION,
            {**REBUILT, "trained-run": "gone"},
            "There is no run “gone”. Shown in its place: shipped: full",
        ),
    ],
    ids=str,
)
def test_a_run_that_is_not_there_is_said_so_and_stays_in_the_link(
    page: str,
    query: dict[str, str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    whole_run(tmp_path, "mine")
    app = open_page(page, **query)
    (warning,) = app.main.warning
    assert sentence in warning.value.replace("\\", "")
    for name, value in query.items():
        assert app.query_params[name] == value
    assert "`mine`" not in words_of(app) and "“mine”" not in words_of(app)


def test_links_name_the_run_that_a_page_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    app = open_page(TOLD)
    assert app.query_params["told-run"] == "~lora"
    whole_run(tmp_path, "first")
    assert "A shipped run" in words_of(app.run())  # another's new run takes no one's place
    app = open_page(TOLD, run="first")
    assert "Your run “first”" in words_of(app) and app.query_params["told-run"] == "first"
    app = open_page(LAB)
    assert app.query_params["run"] == "first"
    assert open_page(COMPARISON).query_params["runs"] == "first"
    assert open_page(RANK).query_params["sweep"] == "~style"
    assert open_page(LAB, run="~lora").query_params["run"] == "~lora"


@pytest.fixture
def two_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs of two readers and of nobody; the pages are read by the first one."""
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    monkeypatch.setenv("LORA_VIZ_RUNS_ARE", "shared")
    monkeypatch.setattr(reader, "_reader", lambda: "a" * 64)
    for name, owner in (("mine", "a" * 64), ("theirs", "b" * 64), ("nobodys", None)):
        folder = whole_run(tmp_path, name)
        (folder / "result.json").unlink()  # so that it can be resumed
        if owner:
            keep_owner(folder, owner)
    return tmp_path


@pytest.mark.usefixtures("two_readers")
def test_a_reader_sees_and_changes_their_own_runs() -> None:
    app = open_page(LAB)
    assert app.selectbox(key="page:run").options[0] == "mine"
    assert not {"theirs", "nobodys"} & {*app.selectbox(key="page:run").options}
    assert "`mine`" in words_of(app) and "Resume from step 2" in labels(app)
    app.toggle(key="page:all_runs").set_value(True).run()
    assert {"mine", "theirs", "nobodys"} < {*app.selectbox(key="page:run").options}
    app.selectbox(key="page:run").set_value("theirs").run()
    assert "`theirs`" in words_of(app) and "Resume from step 2" not in labels(app)
    app = open_page(COMPARISON)
    assert app.query_params["runs"] == "mine"
    app = open_page(COMPARISON, runs="mine,theirs")
    keys = {button.key for button in app.main.button}
    assert "delete:mine" in keys and "delete:theirs" not in keys
    app = open_page(TOLD, run="theirs")
    assert "Another reader's run “theirs”" in words_of(app)
    assert "Your run “mine”" in words_of(open_page(TOLD))
    app.session_state["view"] = app.session_state["view"].changed(told_run="nobodys")
    assert "Another reader's run “nobodys”" in words_of(app.run())


def test_what_a_reader_starts_is_theirs_and_what_they_do_to_others_is_refused(
    two_readers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "start", lambda settings: create_run(settings, "new"))
    stopped: list[str] = []
    monkeypatch.setattr(launch, "stop", lambda run: stopped.append(run.name))
    app = open_page(LAB)
    app.button(key="start-training").click().run()
    assert owner_of(two_readers / "new") == "a" * 64 and app.query_params["run"] == "new"
    # a button that was drawn while the run was still one's own
    keep_owner(two_readers / "new", "b" * 64)
    app.button(key="resume:new").click().run()
    assert "“new” is not your run; only the person who started it can change it." in words_of(app)
    assert not stopped and "resume:new" not in {button.key for button in app.main.button}


def test_another_reader_s_data_is_neither_named_nor_trained_on(
    two_readers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[TrainingSettings] = []
    monkeypatch.setattr(launch, "start", started.append)
    data = two_readers / "0123456789abcdef" / "salaries.txt"
    data.parent.mkdir()
    data.write_text("A secret of theirs.\n" * 500)
    for name in ("mine", "theirs", "nobodys"):
        settings = Run(two_readers / name).settings.changed(task="own", data_file=str(data))
        write_whole(two_readers / name / "settings.json", settings.model_dump_json())
    for name in ("theirs", "nobodys"):
        app = open_page(COMPARISON, runs=f"mine,{name}")
        (row,) = [row for row in app.dataframe[0].value.values.tolist() if row[0] == "Data file"]
        assert row == ["Data file", str(data), "another reader's"]
        app.button(key=f"again:{name}").click().run()
        taken = app.session_state["training"]
        assert (taken.task, taken.data_file) == ("own", "")
        said = words_of(app)
        assert "taken without the data" in said and "Upload your text or JSONL first." in said
        assert "salaries" not in said and app.button(key="start-training").disabled
    app = open_page(COMPARISON, runs="mine,theirs")
    app.button(key="again:mine").click().run()
    assert app.session_state["training"].data_file == str(data) and not started
    found = recorded(Run(two_readers / "theirs")).open_settings
    assert "salaries" not in public_settings(found) and found.task == "own"


def test_what_another_reader_s_run_says_and_gives_does_not_name_or_quote_their_data(
    two_readers: Path,
) -> None:
    data, secret = two_readers / "0123" / "their  salaries.txt", "A secret of theirs."
    for name in ("mine", "theirs"):
        run = Run(whole_run(two_readers, f"{name}-of-own-data"))
        keep_owner(run.path, ("a" if name == "mine" else "b") * 64)
        settings = run.settings.changed(task="own", data_file=str(data))
        write_whole(run.path / "settings.json", settings.model_dump_json())
        write_card(run.adapter_folder, settings, {})
        too_short = Message("%(file)s is too short.", file=data.name)
        told = {
            "state": "failed",
            **ending(too_short, None),
            "samples": (Sample(prompt=secret, expected=secret, before="1", after="2"),),
        }
        kept = run.result()
        assert kept
        result = kept.model_copy(update=told)
        write_whole(run.path / "result.json", result.model_dump_json())
        said = words_of(app := open_page(LAB, run=run.name))
        given = zipped_adapter(recorded(run))
        with zipfile.ZipFile(io.BytesIO(given)) as archive:
            card = archive.read("adapter/README.md").decode()
        whole = said + card + "".join(block.value for block in app.main.code)
        assert ("salaries" in said, "salaries" in card, secret in whole) == (name == "mine",) * 3
        assert (
            "reader" not in card if name == "mine" else "| Data | `another reader's file` |" in card
        )


@pytest.mark.parametrize("given", ["", "a" * 64, "a" * 21, "../" * 10, "é" * 30, "a" * 22 + "\n"])
def test_a_forged_cookie_makes_no_reader_of_somebody_else(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS_ARE", "shared")
    theirs = secrets.token_urlsafe(24)
    keep_owner(tmp_path, reader.hashed(theirs))
    session: dict[str, str] = {}
    monkeypatch.setattr(reader.st, "session_state", session)
    for cookie in (given, owner_of(tmp_path), theirs[:-1], theirs.swapcase()):
        monkeypatch.setattr(reader.st, "context", SimpleNamespace(cookies={reader.COOKIE: cookie}))
        assert not reader.owns(tmp_path)
    monkeypatch.setattr(reader.st, "context", SimpleNamespace(cookies={reader.COOKIE: theirs}))
    assert reader.owns(tmp_path)


def test_a_sweep_s_runs_are_its_starter_s(two_readers: Path) -> None:
    for folder in RECORDED.glob("qa-sweep*"):
        shutil.copytree(folder, two_readers / folder.name)
    app = open_page(RANK)
    assert "qa-sweep" not in app.selectbox(key="page:sweep").options
    keep_owner(two_readers / "qa-sweep", "a" * 64)
    assert owner_of(two_readers / "qa-sweep.r8.s0") == "a" * 64
    app = open_page(RANK)
    assert "Your sweep “qa-sweep”" in words_of(app) and app.query_params["sweep"] == "qa-sweep"
    keep_owner(two_readers / "qa-sweep", "b" * 64)
    app = open_page(RANK, sweep="qa-sweep")
    assert "Another reader's sweep “qa-sweep”" in words_of(app)
    assert not any(button.key == "resume-sweep" for button in app.main.button)


@pytest.mark.usefixtures("two_readers")
def test_a_server_for_this_machine_alone_has_one_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS_ARE", "personal")
    options = open_page(LAB).selectbox(key="page:run").options
    assert {"mine", "theirs", "nobodys"} < {*options}
    monkeypatch.delenv("LORA_VIZ_RUNS_ARE")
    for address, shared in (("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)):
        monkeypatch.setattr("streamlit.get_option", lambda _name, told=address: told)
        assert reader.runs_are_shared() is shared
    monkeypatch.setenv("LORA_VIZ_RUNS_ARE", "everyone's")
    with pytest.raises(UserError, match="“everyone's”; it should be personal or shared"):
        reader.runs_are_shared()


def test_an_unreadable_run_can_be_deleted_by_whose_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    folder = whole_run(tmp_path, "bad")
    (folder / "settings.json").write_text('{"mood": 1}')
    with monkeypatch.context() as others:
        others.setattr(damaged_list, "owns", lambda _folder: False)
        assert "delete-unreadable:bad" not in [one.key for one in opened(COMPARISON).button]
    app = opened(COMPARISON)
    app.button(key="delete-unreadable:bad").click().run()
    assert not app.exception and not folder.exists()
