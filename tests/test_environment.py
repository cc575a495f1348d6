"""What the environment sets is understood or refused in a sentence, and nothing is used instead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lora_viz.errors import UserError
from lora_viz.storage import prune, whole_number
from lora_viz.training.jobs import launch
from lora_viz.training.jobs.job import process_count, process_rank
from lora_viz.training.jobs.queue import HANDED_ON, draw_ticket, own_ticket
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.runs.run_folder import Run
from lora_viz.ui.serving.environment import need_right_environment
from tests.training.jobs import short_settings

NO_NUMBERS = ("many", "-1", "1.5", "1e3", "²", "٣", "0x10", "1_000", "9" * 400, "9" * 5000, "1 2")


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path / "storage"))


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: value[:8])
@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("LORA_VIZ_KEEP_DAYS", lambda: prune("answers")),
        ("LORA_VIZ_KEEP_ANSWERS_MB", lambda: prune("answers")),
        ("LORA_VIZ_JOBS", draw_ticket),
        ("RANK", process_rank),
        ("WORLD_SIZE", process_count),
    ],
)
def test_no_number_is_one_sentence(
    name: str, use: object, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert callable(use)
    with pytest.raises(UserError, match=f"^{name} is “.*”; it should be a whole number") as raised:
        use()
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(("value", "number"), [("", 7), (" ", 7), ("0", 0), (" 12 ", 12)])
def test_a_number_is_taken_and_nothing_is_the_usual(
    value: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_KEEP_DAYS", value)
    assert whole_number("LORA_VIZ_KEEP_DAYS", 7) == number


def test_a_wrong_number_of_jobs_leaves_no_run_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_VIZ_JOBS", "many")
    with pytest.raises(UserError, match="LORA_VIZ_JOBS"):
        launch.start(short_settings(), "one")
    assert not Path(os.environ["LORA_VIZ_RUNS"]).exists()


@pytest.mark.parametrize("words", ["x", "x:y", "77:{file}", "0:{file}", "1:", ":", "\u0663:{file}"])
def test_a_ticket_that_was_not_handed_on_is_not_taken(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.ticket"
    file.write_text("mine")
    monkeypatch.setenv(HANDED_ON, words.format(file=file))
    ticket = own_ticket()
    ticket.give_back()
    assert file.read_text() == "mine" and ticket.path.parent.name == "queue"
    drawn = draw_ticket()
    monkeypatch.setenv(HANDED_ON, drawn.environment()[HANDED_ON])
    assert own_ticket() == drawn


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LORA_VIZ_FRAME_ORIGINS", "javascript:alert(1)"),
        ("LORA_VIZ_RUNS_ARE", "mine"),
        ("LORA_VIZ_JOBS", "0"),
        ("LORA_VIZ_KEEP_LINKS_MB", "much"),
        ("LORA_VIZ_STORAGE", "~nosuchuser/x"),
        ("LORA_VIZ_RUNS", "~nosuchuser/x"),
    ],
)
def test_a_server_does_not_start_with_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as raised:
        need_right_environment()
    said = str(raised.value)
    assert value in said and "\n" not in said


def test_a_server_says_it_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0"],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"LORA_VIZ_FRAME_ORIGINS": "course.example"},
        capture_output=True,
        timeout=100,
        check=False,
    )
    said = done.stdout.decode() + done.stderr.decode()
    assert "LORA_VIZ_FRAME_ORIGINS cannot hold “course.example”" in said
    assert done.returncode and "Traceback" not in said


def test_nothing_is_pruned_where_nobody_knows_what_runs_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Path, "iterdir", _refuse)
    with pytest.raises(UserError, match=r"cannot be read \(Permission denied\), so that nobody"):
        prune("uploads", everything=True)


def _refuse(folder: Path) -> None:
    raise PermissionError(13, os.strerror(13), str(folder))


def test_a_path_that_is_no_text_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path / os.fsdecode(b"\xff")))
    with pytest.raises(UserError, match=r"\\udcff is no text in this locale.*LORA_VIZ_RUNS"):
        create_run(short_settings(), "one")
    assert not [*tmp_path.glob("*/one")]
    with (
        pytest.raises(UserError, match="no text in this locale"),
        Run(tmp_path / os.fsdecode(b"\xff") / "one").held(),
    ):
        pass
