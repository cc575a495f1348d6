"""Where runs and files may lie: what cannot be written is said, and stays as it was."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from lora_viz.cli import app, train
from lora_viz.errors import UserError
from lora_viz.models.source import store_upload
from lora_viz.storage import runs_folder, storage_folder
from lora_viz.training.folder.writing import write_whole
from lora_viz.training.jobs import launch
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.sweeps import launch as sweep_launch
from lora_viz.training.sweeps.plan import SweepPlan
from lora_viz.training.sweeps.sweep import create_sweep
from tests.training.jobs import short_settings

STOPPED = Result(state="stopped", started=1.0, ended=2.0)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path / "runs"))
    return tmp_path


def command(*arguments: str) -> Any:
    return app.app([*arguments], standalone_mode=False)


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that a command line would do."""
    runs: list[Run] = []

    def work(run: Run, *_given: Any, **_how: Any) -> Result:
        runs.append(run)
        write_whole(run.path / "result.json", STOPPED.model_dump_json())
        return STOPPED

    monkeypatch.setattr(train, "_work", work)
    return runs


@pytest.mark.parametrize("what", ["train", "sweep"])
@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("/", "cannot be the folder"),
        ("", "cannot be the folder"),
        ("runs/../..", "holds other files"),
        (".", "holds other files"),
        ("file.txt", "is a file"),
        ("file.txt/run", "cannot be"),
        ("gone-link", "is a file"),
        ("full", "holds other files"),
        ("begun", "continue it with --resume"),
        ("~nosuchuser/x", "home of a user whom this machine does not know"),
    ],
)
def test_a_run_is_kept_in_a_new_or_empty_folder_only(
    what: str, out: str, expected: str, here: Path, worked: list[Run]
) -> None:
    (here / "file.txt").write_text("mine")
    (here / "gone-link").symlink_to(here / "nothing")
    (here / "full").mkdir()
    (here / "full" / "mine.txt").write_text("mine")
    create_run(short_settings(), "begun", here)
    before, root = _all_below(here), sorted(Path("/").iterdir())
    with pytest.raises(UserError, match=expected) as refused:
        command(what, "--steps", "1", "--out", out)
    assert "\n" not in str(refused.value) and not worked
    assert _all_below(here) == before and sorted(Path("/").iterdir()) == root


def test_home_and_empty_folders_are_taken(here: Path, worked: list[Run]) -> None:
    (here / "empty").mkdir()
    command("train", "--out", "~/new")
    command("train", "--out", "empty")
    command("train", "--out", "a/../b")
    assert [run.path for run in worked] == [here / "home" / "new", here / "empty", here / "b"]
    assert not (here / "~").exists()
    command("train", "--resume", "--out", "~/new")
    assert worked[-1].path == worked[0].path
    with pytest.raises(UserError, match="no run"):
        command("train", "--resume", "--out", "~/other")


def test_a_batch_of_questions_may_lie_at_home(here: Path, capsys: Any) -> None:
    (here / "home").mkdir()
    (here / "home" / "lines.jsonl").write_text("[]\n")
    command("count", "--batch", "~/lines.jsonl")
    assert "not a JSON object" in capsys.readouterr().out


def test_where_nothing_can_be_kept_nothing_begins(
    here: Path, worked: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "file").write_text("")
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(here / "file" / "storage"))
    settings = short_settings()
    plan = SweepPlan(settings=settings, ranks=(1,), with_full=False)
    for begin in (
        lambda: launch.start(settings),
        lambda: create_sweep(plan, "sweep"),
        lambda: command("train", "--steps", "1"),
        lambda: command("sweep", "--steps", "1", "--out", "runs/sweep"),
        lambda: store_upload('{"model_type": "gpt2"}'),
        lambda: storage_folder("training_data/0"),
    ):
        with pytest.raises(UserError, match=r"folder .*file/storage/.* cannot be written \(Not a"):
            begin()
    assert not worked and not list(here.glob("runs/*"))
    monkeypatch.delenv("LORA_VIZ_STORAGE")
    monkeypatch.setenv("LORA_VIZ_RUNS", str(here / "file" / "runs"))
    for begin in (
        lambda: launch.start(settings),
        lambda: command("train", "--steps", "1"),
        lambda: create_sweep(plan, "sweep"),
    ):
        with pytest.raises(UserError, match=r"file/runs cannot be written .* LORA_VIZ_RUNS\."):
            begin()


def test_a_run_in_a_read_only_folder_stays_as_it_was(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(short_settings(), "stopped", runs_folder())
    write_whole(run.path / "result.json", STOPPED.model_dump_json())
    made = create_sweep(SweepPlan(settings=short_settings(), ranks=(1,)), "sweep")
    before = _all_below(here)
    access = os.access

    def read_only(path: Any, mode: int) -> bool:
        return access(path, mode) and not (mode & os.W_OK and here / "runs" in Path(path).parents)

    monkeypatch.setattr(os, "access", read_only)
    words = rf"{re.escape(str(run.path))} cannot be written \(Permission denied\); make it writable"
    for go_on in (
        lambda: launch.resume(run),
        lambda: command("train", "--resume", "--out", "runs/stopped"),
    ):
        with pytest.raises(UserError, match=words):
            go_on()
    with pytest.raises(UserError, match="runs/sweep cannot be written"):
        sweep_launch.start(made)
    assert _all_below(here) == before and run.state() == "stopped"


def test_a_process_that_cannot_begin_leaves_what_was_there(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: Any, **_how: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("subprocess.Popen", refuse)
    with pytest.raises(UserError, match="cannot be started: Permission denied"):
        launch.start(short_settings(), "new")
    assert not list(here.glob("runs/*"))
    run = create_run(short_settings(), "stopped", runs_folder())
    write_whole(run.path / "result.json", STOPPED.model_dump_json())
    with pytest.raises(UserError, match="cannot be started"):
        launch.resume(run)
    assert run.result() == STOPPED

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(UserError, match="stopped cannot be written"):
        run.delete()


def test_a_sweep_takes_no_folder_that_is_there(here: Path) -> None:
    theirs = here / "runs" / "sweep.r1.s0"
    theirs.mkdir(parents=True)
    (theirs / "mine.txt").write_text("mine")
    plan = SweepPlan(settings=short_settings(), ranks=(1,), with_full=False)
    with pytest.raises(UserError, match=r"“sweep\.r1\.s0” already"):
        create_sweep(plan, "sweep")
    assert (theirs / "mine.txt").is_file() and not (here / "runs" / "sweep").exists()


def _all_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
