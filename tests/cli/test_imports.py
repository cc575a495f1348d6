"""The commands `import` and `identify`, as a user runs them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from lora_viz.cli.app import main

AXOLOTL = """
base_model: meta-llama/Llama-3.1-8B-Instruct
adapter: lora
lora_r: 16
lora_alpha: 32
lora_target_modules: [q_proj, v_proj]
deepspeed: zero3.json
made_up_key: "\\e[31mred"
"""


def printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[str, str, Any]:
    """What a command prints, on both streams, and its exit status."""
    monkeypatch.setattr("sys.argv", ["lora-viz", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return out, err, ended.value.code


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let a text be standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_file_becomes_a_scenario_that_other_commands_take(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "lora.yml"
    file.write_text(AXOLOTL, "utf-8")
    out, err, status = printed(capsys, monkeypatch, "import", str(file), "--json")
    answer = json.loads(out)
    assert (err, status) == ("", 0) and answer["kind"] == "axolotl"
    assert answer["scenario"]["model"] == "llama-3.1-8b" and answer["scenario"]["rank"] == 16
    understood = {one["key"]: one for one in answer["understood"]}
    assert understood["lora_r"]["fields"] == ["rank"] and understood["lora_r"]["value"] == 16
    assert understood["micro_batch_size"]["is_default"]
    reasons = {one["key"]: one["why"] for one in answer["not_understood"]}
    assert reasons == {
        "deepspeed": "LoRA Viz has no such setting yet.",
        "made_up_key": "This name is not known here (axolotl).",
    }
    batch = tmp_path / "batch"
    batch.write_text(json.dumps(answer["scenario"]))
    out, err, status = printed(capsys, monkeypatch, "count", "--batch", str(batch))
    assert json.loads(out)["trainable_parameters"] == 6_815_744  # PEFT's own count


def test_a_file_is_told_in_lines_that_a_terminal_obeys_in_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, AXOLOTL)
    out, _err, status = printed(capsys, monkeypatch, "import", "-")
    assert status == 0 and "\x1b" not in out
    assert "lora_r" in out and "→ Rank r" in out and "Not understood:" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\0", "is not UTF-8 text"),
        ("x: !!python/name:os.system", "has a tag (!) at line 1"),
        ("hello", "holds no settings"),
    ],
)
def test_what_is_no_such_file_is_one_sentence(
    text: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, text)
    out, err, status = printed(capsys, monkeypatch, "import", "-", "--json")
    assert (out, status) == ("", 2) and said in err and err.count("\n") == 1
    out, err, status = printed(capsys, monkeypatch, "import", "/no/such/file")
    assert (out, err, status) == ("", "/no/such/file cannot be read.\n", 2)


def test_a_number_is_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("identify", "gpt2", "--parameters", "294912")
    out, err, status = printed(capsys, monkeypatch, *asked, "--json")
    found = [(one["targets"], one["rank"]) for one in json.loads(out)]
    assert (err, status) == ("", 0) and (["c_attn"], 8) in found
    out, _err, _status = printed(capsys, monkeypatch, *asked)
    assert "r = 8  c_attn  124,734,720 parameters in all" in out
    out, _err, _status = printed(capsys, monkeypatch, "identify", "gpt2", "--bytes", "7")
    assert out == "No usual adapter of this model has just that number.\n"
    out, err, status = printed(capsys, monkeypatch, "identify", "gpt2")
    assert (out, err, status) == ("", "Give one number: --parameters or --bytes.\n", 2)
