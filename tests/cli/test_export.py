"""`lora-viz export` prints or writes what the page shows, and tells what it has no place for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from lora_viz.choices.scenario import Scenario
from lora_viz.cli.app import main
from lora_viz.exports.formats import FORMATS, export


def status_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """How `lora-viz export` ends."""
    monkeypatch.setattr("sys.argv", ["lora-viz", "export", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


@pytest.mark.parametrize("name", FORMATS)
def test_it_prints_what_the_page_shows(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(monkeypatch, name, "gpt2", "--rank=4", "--dora") == 0
    said = capsys.readouterr()
    made = export(
        name, Scenario.make({"model": "gpt2", "rank": 4, "dora": True}), "GPT2LMHeadModel"
    )
    assert said.out == made.text
    assert said.err.splitlines() == list(made.unsaid)


def test_a_file_is_written_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "lora.yaml"
    assert status_of(monkeypatch, "axolotl", "gpt2", "--lang=ko", f"--out={file}") == 0
    assert str(file) in capsys.readouterr().out
    assert yaml.safe_load(file.read_text(encoding="utf-8"))["lora_r"] == Scenario().rank


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing", "gpt2"), "There is no format “nothing”"),
        (("axolotl",), "Name a MODEL"),
        (("lora-config", "gpt2", "--method=full"), "Full fine-tuning has no adapter"),
        (("script", "roberta-base"), "RobertaForMaskedLM"),
        (("script", "gpt2", "--out=/nowhere/at/all/train.py"), "cannot be used"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    arguments: tuple[str, ...],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert status_of(monkeypatch, *arguments) == 2
    said = capsys.readouterr()
    assert said.out == "" and words in said.err and said.err.count("\n") == 1


def test_json_has_no_comments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status_of(monkeypatch, "adapter-config", "gpt2", "--seq-len=77")
    said = capsys.readouterr()
    assert json.loads(said.out)["r"] == Scenario().rank and "seq-len: 77" in said.err
