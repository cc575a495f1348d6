"""Files are read and written as UTF-8, whatever the machine's locale."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
CODE = [
    file
    for place in ("lora_viz", "pages", "scripts", "benchmarks", "app.py")
    for file in ([REPOSITORY / place] if place.endswith(".py") else (REPOSITORY / place).rglob("*"))
    if file.suffix == ".py"
]
POSIX = {"LC_ALL": "C", "PYTHONUTF8": "0"}  # ASCII, and no coercion to UTF-8
NO_FILE = ("os", "tarfile", "zipfile", "Image")  # whose `open` takes no encoding


def calls_without_encoding(file: Path) -> Iterator[str]:
    """Where text is read or written in the locale's encoding, as `file:line`."""
    for call in ast.walk(ast.parse(file.read_bytes())):
        if not isinstance(call, ast.Call):
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        is_text = getattr(given.get("text"), "value", None) is True  # of a process
        if "encoding" not in given and (is_text or _is_text_file(call, given)):
            yield f"{file.relative_to(REPOSITORY)}:{call.lineno}"


def _is_text_file(call: ast.Call, given: dict[str | None, ast.expr]) -> bool:
    function = call.func
    name = getattr(function, "attr", getattr(function, "id", ""))
    if name in ("read_text", "write_text"):
        return True
    owner = getattr(getattr(function, "value", None), "id", "")
    if name != "open" or owner in NO_FILE:
        return False
    modes = [*call.args, given.get("mode")]
    return not any(isinstance(mode, ast.Constant) and "b" in str(mode.value) for mode in modes)


def test_no_text_is_read_or_written_in_the_encoding_of_the_locale() -> None:
    assert len(CODE) > 100
    assert [place for file in CODE for place in calls_without_encoding(file)] == []


@pytest.mark.parametrize(
    "code",
    [
        "from pathlib import Path\nPath('a').read_text()",
        "open('a', 'w')",
        "x.open(newline='')",
        "subprocess.run(a, text=True)",
    ],
)
def test_the_check_sees_what_it_looks_for(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _file: code.encode())
    assert list(calls_without_encoding(REPOSITORY / "app.py"))


def test_the_command_line_works_in_an_ascii_locale(tmp_path: Path) -> None:
    """What is not ASCII is read from files right, and printed as an escape."""
    rows = [f'{{"prompt": "{row} 더하기", "completion": "{"é" * row}"}}' for row in range(9)]
    data = tmp_path / "한국어.jsonl"
    data.write_text("\n".join(rows), encoding="utf-8")
    for arguments, words in {
        ("gpus",): "RTX 4090",
        ("train", "tiny-gpt2", f"--data={data}"): "(line 1: an empty \\u201ccompletion\\u201d)",
    }.items():
        done = subprocess.run(
            [sys.executable, "-X", "warn_default_encoding", "-m", "lora_viz", *arguments],
            capture_output=True,
            env=os.environ | POSIX,
            check=False,
        )
        said = done.stdout.decode("ascii") + done.stderr.decode("ascii")
        assert words in said, said
        assert "Traceback" not in said and "codec" not in said
        assert "lora_viz" not in "".join(
            line for line in said.splitlines() if "EncodingWarning" in line
        )


def test_a_file_whose_name_is_not_ascii_is_kept_in_settings(tmp_path: Path) -> None:
    """Python holds the name as half characters in that locale, which JSON cannot hold."""
    data = tmp_path / "한국어.txt"
    data.write_text("한국어 " * 1_000, encoding="utf-8")
    code = (
        "import sys; from lora_viz.training.settings import TrainingSettings, parse_settings\n"
        "from lora_viz.training.data.own_data import load_own\n"
        "settings = TrainingSettings.make({'data_file': sys.argv[1]})\n"
        "again = parse_settings(settings.model_dump_json())\n"
        "assert again.changed(seed=1).data_file == settings.data_file\n"
        "print(ascii(load_own(again.data_file).name))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(data)],
        capture_output=True,
        env=os.environ | POSIX,
        check=False,
    )
    assert done.stdout.decode("ascii").strip() == ascii(data.name), done.stderr.decode()
