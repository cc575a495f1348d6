"""What is kept on disk stays within its bounds, and what is in use stays."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from lora_viz import storage
from lora_viz.cli.app import main
from lora_viz.errors import UserError
from lora_viz.models.source import resolve, store_upload
from lora_viz.questions import kept as answers
from lora_viz.questions.ask_for import architecture_of
from lora_viz.storage import bounds, kept
from lora_viz.training.data.own_data import load_own
from lora_viz.training.runs.kept_runs import create_run
from lora_viz.training.settings import TrainingSettings, training_scenario
from tests.cli.test_app import run

LONG_AGO = 400 * storage.DAY
CONFIG = '{"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 2, "vocab_size": %s}'


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path / "kept"))
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(bounds, "_growth", {})
    monkeypatch.setattr(kept, "_noted", {})
    answers.forget()


def bound(kind: str, megabytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"LORA_VIZ_KEEP_{kind.upper()}_MB", str(megabytes))


def age(path: Path, seconds: float) -> None:
    last_used = time.time() - seconds
    os.utime(path, (last_used, last_used))


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", storage.KINDS)
def test_each_kind_stays_within_its_bound(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(kind, 2, monkeypatch)
    for number in range(40):
        path = storage.keep(kind, f"{number:032}/one", bytes(200_000))
        age(path, 2 * storage.DAY - number)
        size = sum(file.stat().st_size for file in storage.storage_folder(kind).rglob("one"))
        assert size <= 2_000_000
    assert path.is_file()
    assert storage.prune(kind, everything=True).files_left == 0
    assert names(storage.storage_folder(kind)) == []


def test_what_was_not_used_for_longest_goes_first_old_versions_before_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound("answers", 1, monkeypatch)
    hours = {"old/used": 5, "old/unused": 9, "now/used": 1, "now/unused": 30, "now/unused too": 20}
    for name, ago in hours.items():
        age(storage.keep("answers", name, bytes(150_000)), ago * 3600)
    bounds._growth.clear()
    storage.keep("answers", "now/large", bytes(500_000))
    assert names(tmp_path / "kept/answers") == ["now/large", "now/unused too", "now/used"]


def test_what_is_read_counts_as_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound("answers", 1, monkeypatch)
    for name in ("first", "second", "third"):
        age(storage.keep("answers", name, bytes(300_000)), 3600)
    storage.read("answers", "first")
    bounds._growth.clear()
    storage.keep("answers", "large", bytes(500_000))
    assert names(tmp_path / "kept/answers") == ["first", "large"]


def test_what_is_older_than_its_kind_is_kept_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(storage.keep("answers", "old", b"x"), LONG_AGO)
    storage.keep("answers", "new", b"x")
    looked = storage.prune("answers", only_look=True)
    assert (looked.files, looked.bytes, looked.files_left) == (1, 1, 1)
    assert names(tmp_path / "kept/answers") == ["new", "old"]
    assert storage.prune("answers") == looked
    assert names(tmp_path / "kept/answers") == ["new"]
    monkeypatch.setenv("LORA_VIZ_KEEP_DAYS", "0")
    assert storage.prune("answers").files == 1


def test_uploads_and_data_that_a_run_names_or_somebody_uses_stay(tmp_path: Path) -> None:
    of_a_run, of_nobody, of_a_reader = (store_upload(CONFIG % number) for number in (20, 21, 22))
    data = storage.keep("training_data", f"{'7' * 16}/mine.txt", b"Some words to train on. " * 200)
    lost = storage.keep("training_data", f"{'8' * 16}/lost.txt", b"Some words to train on. " * 200)
    settings = TrainingSettings.make(
        {"scenario": training_scenario({"model": of_a_run}), "data_file": str(data)}
    )
    damaged = create_run(settings).path / "settings.json"
    damaged.write_text(damaged.read_text()[:-5] + ', "from_a_later_version": 1')
    for path in (tmp_path / "kept").rglob("*.*"):
        age(path, LONG_AGO)
    kept._noted.clear()
    answers.compute(architecture_of(of_a_reader))
    for everything in (False, True):
        for kind in storage.KINDS:
            storage.prune(kind, everything=everything)
        for model in (of_a_run, of_a_reader):
            assert resolve(model)
        assert load_own(data) and not lost.exists()
        with pytest.raises(UserError, match="upload it again"):
            resolve(of_nobody)
        age(storage.kept_file("uploads", f"{of_a_reader.removeprefix('upload:')}.json"), LONG_AGO)
        kept._noted.clear()
        answers.known(architecture_of(of_a_reader))  # from memory, as a page does


def test_runs_are_looked_for_where_they_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LORA_VIZ_RUNS", "~/of-mine")
    upload = store_upload(CONFIG % 20)
    settings = TrainingSettings.make({"scenario": training_scenario({"model": upload})})
    assert create_run(settings).path.parent == tmp_path / "of-mine"
    age(storage.kept_file("uploads", f"{upload.removeprefix('upload:')}.json"), LONG_AGO)
    assert storage.prune("uploads").files_left == 1


def test_what_is_in_use_is_not_made_to_go_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound("training_data", 1, monkeypatch)
    storage.keep("training_data", "a/one", bytes(900_000))
    with pytest.raises(UserError, match=r"0 of 1 MB .*LORA_VIZ_KEEP_TRAINING_DATA_MB"):
        storage.keep("training_data", "b/two", bytes(200_000))
    assert names(tmp_path / "kept/training_data") == ["a/one"]


def test_no_room_for_answers_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    bound("answers", 0, monkeypatch)
    assert answers.compute(architecture_of("gpt2")).total_parameters == 124_439_808
    assert names(storage.storage_folder("answers")) == []


def test_links_are_not_followed_and_many_may_prune_at_once(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(bytes(10))
    folder = storage.storage_folder("answers")
    (folder / "link").symlink_to(outside)
    (folder / "link.json").symlink_to(outside / "precious")
    for number in range(200):
        (folder / f"{number}.json").write_bytes(b"x")
    threads = [
        threading.Thread(target=storage.prune, args=("answers",), kwargs={"everything": True})
        for _thread in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(outside) == ["precious"]
    assert not [*folder.glob("*.json")]


def test_the_command_says_what_it_freed(tmp_path: Path) -> None:
    storage.keep("answers", "now/one", bytes(3_000_000))
    age(storage.keep("answers", "old/one", bytes(2_000_000)), LONG_AGO)
    upload = store_upload(CONFIG % 20)
    looked = run("prune", "--dry-run")
    assert "would free 2.0 MB (files: 1) and keep 3.0 of at most 500 MB" in looked.stdout
    assert len(names(tmp_path / "kept")) == 3
    first, *_others = json.loads(run("prune", "--json").stdout)
    assert (first["kind"], first["files"], first["bytes"]) == ("answers", 1, 2_000_000)
    done = run("prune", "--all")
    assert done.returncode == 0 and "freed 3.0 MB (files: 1) and kept 0.0 of at" in done.stdout
    assert names(tmp_path / "kept") == [f"uploads/{upload.removeprefix('upload:')}.json"]


def test_the_command_says_what_cannot_be_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that is mounted to be read only; root may write in any other folder."""

    def refuse(path: Path, **_how: bool) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    kept_file = storage.keep("answers", "old/one", bytes(2_000_000))
    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(sys, "argv", ["lora-viz", "prune", "--all"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert ended.value.code == 2 and kept_file.exists()
    assert "freed 0.0 MB (files: 0) and kept 2.0 of at most 500 MB" in said.out
    assert said.err == (
        f"Files that could not be deleted: 1. Make the folder {tmp_path / 'kept'} writable.\n"
    )


def test_what_runs_below_home_name_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LORA_VIZ_RUNS", "~/mine")
    kept = storage.keep("uploads", f"{'a' * 16}.json", b"{}")
    os.utime(kept, (0, 0))
    (tmp_path / "mine/one").mkdir(parents=True)
    (tmp_path / "mine/one/settings.json").write_text(f'"upload:{"a" * 16}"')
    assert storage.prune("uploads", everything=True).files_left == 1 and kept.is_file()


@pytest.mark.parametrize("variable", ["LORA_VIZ_RUNS", "LORA_VIZ_STORAGE"])
def test_the_home_of_nobody_is_one_sentence_and_nothing_goes(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = storage.keep("uploads", f"{'b' * 16}.json", b"{}")
    os.utime(kept, (0, 0))
    monkeypatch.setenv(variable, "~nosuchuser/x")
    with pytest.raises(UserError, match="a user whom this machine does not know"):
        storage.prune("uploads", everything=True)
    assert kept.is_file()


def test_what_a_wrong_clock_has_dated_is_not_in_use_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound("training_data", 1, monkeypatch)
    age(
        storage.keep("training_data", "a/of the year 2099", bytes(900_000)), -70 * 365 * storage.DAY
    )
    storage.keep("training_data", "b/now", bytes(200_000))
    assert names(tmp_path / "kept/training_data") == ["b/now"]


def test_a_use_is_noted_after_the_clock_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    file = storage.keep("answers", "one", b"x")
    age(file, LONG_AGO)
    kept.note_use(file)
    an_hour_later = time.monotonic() + 3_600
    monkeypatch.setattr(time, "monotonic", lambda: an_hour_later)
    monkeypatch.setattr(time, "time", lambda: 86_400.0)
    age(file, LONG_AGO)
    kept.note_use(file)
    assert file.stat().st_mtime > 10**9


def test_a_folder_that_another_process_prunes_away_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = kept.storage_folder
    removals = [1, 2, 3]

    def remove_at_first(name: str) -> Path:
        folder = made(name)
        if removals:
            removals.pop()
            folder.rmdir()
        return folder

    monkeypatch.setattr(kept, "storage_folder", remove_at_first)
    assert storage.keep("answers", "now/one", b"x").read_bytes() == b"x" and not removals


def test_what_is_being_written_stays_and_what_was_used_again_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with storage.writing("answers", "now/one", 1) as unfinished:
        assert storage.prune("answers", everything=True).files == 0
        unfinished.write_bytes(b"x")
    listed = bounds._oldest_first("answers")
    age(storage.kept_file("answers", "now/one"), 100)  # as if it was used since it was listed
    monkeypatch.setattr(bounds, "_oldest_first", lambda _kind: listed)
    assert storage.prune("answers", everything=True).refused == 0
    assert storage.read("answers", "now/one") == b"x"


def test_where_a_runs_folder_is_closed_nothing_goes_that_it_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = storage.keep("uploads", f"{'c' * 16}.json", b"{}")
    age(upload, LONG_AGO)
    (tmp_path / "runs/closed").mkdir(parents=True)

    def refuse(path: Path, _most: int) -> bytes:  # root may read any folder
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(bounds, "read_plain_file", refuse)
    with pytest.raises(UserError, match=r"runs/closed cannot be read \(Permission denied\), so"):
        storage.prune("uploads")
    assert upload.is_file()
    (tmp_path / "runs/closed").rename(tmp_path / "runs/lost+found")
    assert storage.prune("uploads").files == 1
