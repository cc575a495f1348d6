"""A hundred damaged folders are listed with what is wrong, and hide no other."""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lora_viz.cli.train import described_run, runs_app
from lora_viz.errors import UserError
from lora_viz.training.folder import locks
from lora_viz.training.folder.damage import DamagedFileError
from lora_viz.training.jobs import launch
from lora_viz.training.runs.curves import read_curves
from lora_viz.training.runs.kept_runs import create_run, damage_of_all, list_folders, list_runs
from lora_viz.training.runs.metrics_table import metrics_csv
from lora_viz.training.runs.pace import recorded_pace
from lora_viz.training.runs.results import Result
from lora_viz.training.runs.run_folder import Run, UnreadableRun
from lora_viz.training.runs.story import followed_layers, read_story
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.sweeps.findings import own_sweeps, read_sweep, unreadable_sweeps
from lora_viz.training.sweeps.plan import SweepPlan
from lora_viz.training.sweeps.sweep import create_sweep
from lora_viz.training.update.trained import check_updates, kept_layers, read_update
from tests.training.damaged_runs import (
    MAY_BE_MISSING,
    damaged_full_runs,
    damaged_runs,
    damaged_sweeps,
    whole_run,
)

ANY_NUMBER = ("nan", "infinite", "largest", "huge", "negative")  # may be a loss, or nothing


def read_everything(run: Run) -> None:
    """Whatever pages read of a run; what cannot be read is a `UserError`."""
    events, result = run.events(), run.result()
    assert run.state(events) in (
        "finished", "stopped", "failed", "interrupted", "unreadable",
    )  # fmt: skip
    for read in (run.can_resume, run.last_checkpoint, run.process_id, run.created, run.is_alive):
        read()
    assert not launch.stop(run)
    read_curves(events)
    metrics_csv(events)
    for damage in run.damages():
        assert damage.sentence() and "\n" not in str(damage.sentence())
    for layer in followed_layers(events):
        with suppress(UserError):
            read_story(run, layer)
    for layer in kept_layers(run):
        with suppress(UserError):
            read_update(str(run.path), layer)
    with suppress(UserError):
        check_updates(run)
    assert result is None or isinstance(result, Result)
    parsed(json_of(run))


def json_of(run: Run | UnreadableRun) -> str:
    from lora_viz.cli.options import json_text

    return json_text(described_run(run))


def parsed(text: str) -> Any:
    """JSON as the standard has it: neither NaN nor Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def test_every_damaged_folder_is_listed_with_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    made = {name: (file, damage) for name, file, damage in damaged_runs(tmp_path)}
    whole = whole_run(tmp_path, "whole").name
    sweeps = {*damaged_sweeps(tmp_path)}
    assert len(made) >= 100
    listed = {one.name: one for one in list_folders(tmp_path)}
    assert listed.keys() == made.keys() | {whole}
    undamaged = listed[whole]
    assert isinstance(undamaged, Run) and undamaged.damages() == ()
    told = {one["name"]: one for one in parsed(_printed("--json"))}
    assert told.keys() == listed.keys() | sweeps
    lines = {line.split()[0]: line for line in _printed().splitlines()}
    assert lines.keys() == told.keys()
    for name, (file, damage) in made.items():
        one, problems = listed[name], told[name]["problems"]
        if isinstance(one, Run):
            read_everything(one)
        else:
            assert file == "settings.json", name
        if damage in ANY_NUMBER or (damage == "missing" and file in MAY_BE_MISSING):
            continue
        if file == "job.lock" and damage in ("empty", "half", "not-text", "nested", "sparse"):
            continue  # nobody reads what is in it
        if file == "events.jsonl" and damage in ("half", "empty"):
            continue  # the first line is still being written
        if damage == "null" and file == "events.jsonl":
            continue  # as a loss that was not measured
        assert problems and all(sentence in lines[name] for sentence in problems), name
    for name in sweeps:
        assert told[name]["problems"][0].startswith("sweep.json "), told[name]


def test_each_kind_of_damage_has_its_words(tmp_path: Path) -> None:
    for _name, _file, _damage in damaged_runs(tmp_path):
        pass

    def said(name: str) -> str:
        one = next(one for one in list_folders(tmp_path) if one.name == name)
        found = [one.damage] if isinstance(one, UnreadableRun) else one.damages()
        return " ".join(str(damage.sentence()) for damage in found)

    for name, words in {
        "settings.json.later": "settings.json has “mood”, which this version does not know.",
        "settings.json.missing": "settings.json is missing.",
        "settings.json.folder": "settings.json is a folder where a file should be.",
        "settings.json.fifo": "settings.json is not an ordinary file.",
        "settings.json.nowhere": "settings.json is a link that leads nowhere.",
        "settings.json.sparse": "settings.json is too large to be read: 1.10\u202fTB.",
        "settings.json.huge": "settings.json has a value of “scenario.rank” that this version "
        "cannot use.",
        "result.json.later": "result.json has a value of “state” that this version cannot use.",
        "result.json.empty": "result.json is empty.",
        "result.json.half": "result.json is not whole JSON.",
        "events.jsonl.later": "events.jsonl has lines of kinds that this version does not know; "
        "they are left out: 1.",
        "events.jsonl.not-text": "events.jsonl has lines that cannot be read; they are left out: "
        "1.",
        "process.json.later": "process.json has a value of “pid” that this version cannot use.",
        "snapshots_step-000000.safetensors.missing": "snapshots/step-000000.safetensors is "
        "missing.",
        "adapter_adapter_model.safetensors.half": "adapter/adapter_model.safetensors holds no "
        "whole tensors.",
        "adapter.half": "adapter is a file where a folder should be.",
        "events.jsonl.above": "“../../../etc/passwd” is recorded as a file of the run and lies "
        "outside of its folder.",
    }.items():
        assert words in said(name), (name, said(name))


def test_full_runs_keep_what_can_be_read(tmp_path: Path) -> None:
    names = [*damaged_full_runs(tmp_path)]
    runs = {run.name: run for run in list_runs(tmp_path)}
    assert runs.keys() == {*names}
    for run in runs.values():
        read_everything(run)
    assert len(kept_layers(runs["full-whole-result"])) == 4
    assert runs["full-folder-result"].state() == "unreadable"
    assert not runs["full-folder-result"].can_resume()


def test_a_sweep_keeps_the_runs_that_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from lora_viz.training.runs.shipped import RECORDED

    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    for folder in RECORDED.glob("qa-sweep*"):
        shutil.copytree(folder, tmp_path / folder.name)
    damaged = {*damaged_sweeps(tmp_path)}
    (tmp_path / "qa-sweep.r1.s0" / "settings.json").write_text("{")
    (tmp_path / "qa-sweep.r2.s0" / "result.json").unlink()
    os.mkfifo(tmp_path / "qa-sweep.r2.s0" / "result.json")
    (tmp_path / "qa-sweep.r4.s0" / "processor_seconds.json").write_text('{"training": NaN}')
    (sweep,) = own_sweeps()
    names = [run.name for run in read_sweep(sweep)]
    assert len(names) == len(sweep.runs()) - 2 and "qa-sweep.r1.s0" not in names
    assert {one.name for one in unreadable_sweeps()} == damaged
    settings_of_it = Run(tmp_path / "qa-sweep.r8.s0").settings
    recorded_pace(settings_of_it, list_runs())


@pytest.mark.parametrize("pid", ["-1", "0", "1", "true", "[]", '"7"', "1e30"])
def test_no_process_file_stops_anything_but_one_process(
    pid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = create_run(TrainingSettings(), "one", tmp_path)
    (run.path / "process.json").write_text(f'{{"pid": {pid}}}')
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda process, _signal: killed.append(process))
    lock = locks.take(run.lock_file)
    assert lock is not None
    assert run.process_id() is None
    with pytest.raises(UserError, match=r"process\.json does not name its process"):
        launch.stop(run)
    assert not killed
    os.close(lock)


def test_a_damaged_run_can_be_shown_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path))
    folder = whole_run(tmp_path, "bad")
    (folder / "settings.json").write_text('{"mood": 1}')
    assert "“mood”, which this version does not know" in _printed("show", "bad")
    assert parsed(_printed("show", "bad", "--json"))["state"] == "unreadable"
    with pytest.raises(DamagedFileError):
        _ = Run(folder).settings
    Run(folder).delete()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "key", "of"),
    [
        ("settings.json", "steps", ""),
        ("settings.json", "rank", '"scenario": {'),
        ("result.json", "steps", ""),
        ("process.json", "pid", ""),
    ],
)
def test_what_a_file_says_twice_is_damage(name: str, key: str, of: str, tmp_path: Path) -> None:
    folder = whole_run(tmp_path, "twice")
    text = (folder / name).read_text()
    place = text.index("{", text.index(of)) + 1 if of else 1
    text = f'{text[:place]}"{key}": 3, {text[place:]}'
    (folder / name).write_text(text)
    (one,) = list_folders(tmp_path)
    found = one.damages() if isinstance(one, Run) else [one.damage]
    assert f"{name} has “{key}” twice." in [str(damage.sentence()) for damage in found]


def test_a_plan_that_says_something_twice_is_damage(tmp_path: Path) -> None:
    sweep = create_sweep(SweepPlan(settings=TrainingSettings()), "one", tmp_path)
    plan = sweep.path / "sweep.json"
    plan.write_text(plan.read_text().replace("{", '{"ranks": [1], ', 1))
    (damage,) = sweep.damages()
    assert str(damage.sentence()) == "sweep.json has “ranks” twice."


def test_a_folder_of_runs_that_cannot_be_listed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORA_VIZ_RUNS", str(tmp_path / "runs"))
    assert damage_of_all() is None
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(UserError, match="runs is a file where a folder should be"):
        CliRunner().invoke(runs_app, [], catch_exceptions=False)
    (tmp_path / "runs").unlink()
    (tmp_path / "runs").mkdir()

    def refuse(path: Path) -> None:  # root may list any folder
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    damage = damage_of_all()
    assert damage and str(damage.sentence()).endswith("runs cannot be read: Permission denied.")


JSON_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 10**30, -(10**400), 0.5, 1e308, -1e308, 5e-324,
    float("nan"), float("inf"), "", "finished", "snapshots/x", "../x", "\0", "x" * 5_000,
    "\u202e<b>", [], [[]], [1, "a"], {}, {"a": {"b": []}}, [0] * 5_000,
)  # fmt: skip


def mutated(value: Any, random: Random) -> Any:
    """JSON with a few of its values replaced, left out or cut short."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        changed = dict(value)
        for key in random.sample(sorted(value), min(len(value), random.randint(1, 2))):
            if random.random() < 0.2:
                del changed[key]
            else:
                changed[key] = mutated(value[key], random)
        return changed
    if isinstance(value, list) and value and random.random() < 0.7:
        place = random.randrange(len(value))
        return [*value[:place], mutated(value[place], random), *value[place + 1 :]]
    return random.choice(JSON_VALUES)


def damaged(original: Any, random: Random) -> bytes:
    """The content of a file after something happened to it."""
    is_events = isinstance(original, list)
    whole = "".join(json.dumps(one) + "\n" for one in (original if is_events else [original]))
    happened = random.random()
    if happened < 0.1:
        return random.randbytes(random.randrange(200))
    if happened < 0.2:
        return whole.encode()[: random.randrange(len(whole))]
    if happened < 0.3:
        place = random.randrange(len(whole))
        return whole[:place].encode() + random.randbytes(3) + whole[place + 1 :].encode()
    if not is_events:
        return json.dumps(mutated(original, random)).encode()
    lines = [json.dumps(mutated(one, random)) for one in random.sample(original, 2)]
    return whole.encode() + "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture(scope="module")
def prey(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A whole run of few events, and what its files hold."""
    folder = whole_run(tmp_path_factory.mktemp("prey"), "prey")
    lines = (folder / "events.jsonl").read_text().splitlines()
    kept: dict[str, str] = {json.loads(line)["kind"]: line for line in lines}
    (folder / "events.jsonl").write_text("\n".join(kept.values()) + "\n")
    return {
        "run": Run(folder),
        "settings.json": json.loads((folder / "settings.json").read_text()),
        "result.json": json.loads((folder / "result.json").read_text()),
        "process.json": {"pid": 4000000},
        "events.jsonl": [json.loads(line) for line in kept.values()],
    }


@settings(max_examples=800)
@given(seed=st.integers(0, 2**64))
def test_whatever_a_file_holds_a_run_is_read_or_said_to_be_damaged(
    prey: dict[str, Any], seed: int
) -> None:
    random = Random(seed)  # its draws are many, and hypothesis takes long over each
    folder = prey["run"].path
    name = random.choice(("settings.json", "result.json", "process.json", "events.jsonl"))
    content = damaged(prey[name], random)
    kept = (folder / name).read_bytes()
    try:
        (folder / name).write_bytes(content)
        (one,) = list_folders(folder.parent)
        parsed(json_of(one))
        if isinstance(one, Run):
            read_everything(one)
        else:
            assert name == "settings.json" and one.damage.sentence()
    finally:
        (folder / name).write_bytes(kept)


def _printed(*arguments: str) -> str:
    done = CliRunner().invoke(runs_app, arguments)
    assert done.exception is None and done.exit_code == 0, done.exception
    return done.stdout
