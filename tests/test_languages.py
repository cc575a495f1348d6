"""A folder with a catalogue is a language: in the switch, in links and on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lora_viz.i18n import language_of, languages_in

ROOT = Path(__file__).parents[1]
MADE_UP = """
msgid ""
msgstr ""
"Language: qya\\n"
"Language-Team: Quenya <quenya@example.org>\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Glossary"
msgstr "Quettaron"

msgid "Name a MODEL, such as gpt2, or give --batch FILE."
msgstr "Á esta MODEL."

msgid "%s term"
msgid_plural "%s terms"
msgstr[0] "%s quetta"
msgstr[1] "%s quettar"
"""
LOOK = """
import json
from tests.application import opened
app = opened("glossary", lang="qya")
switch = app.segmented_control(key="sidebar:language")
print(json.dumps([app.title[0].value, app.caption[0].value, switch.options, switch.value]))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The application with one more catalogue: all else in it is the same files."""
    package, catalogue = tmp_path / "lora_viz", Path("qya") / "LC_MESSAGES" / "lora_viz.po"
    (package / "locale" / catalogue.parent).mkdir(parents=True)
    (package / "locale" / catalogue).write_text(MADE_UP, encoding="utf-8")
    (package / "locale" / "ko").symlink_to(ROOT / "lora_viz" / "locale" / "ko")
    for path in (ROOT / "lora_viz").iterdir():
        if path.name != "locale":
            (package / path.name).symlink_to(path)
    for name in ("pages", "tests", ".streamlit", "app.py"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_catalogue_alone_adds_a_language(copy: Path) -> None:
    shown = run(copy, "-c", LOOK)
    assert shown.returncode == 0, shown.stderr
    title, terms, names, chosen = json.loads(shown.stdout.splitlines()[-1])
    assert (title, names, chosen) == ("Quettaron", ["English", "한국어", "Quenya"], "qya")
    assert terms.endswith(" quettar")
    refused = run(copy, "-m", "lora_viz", "count", "--lang", "qya")
    assert refused.stderr.strip() == "Á esta MODEL."


def test_a_language_is_named_by_its_header_or_by_its_code(tmp_path: Path) -> None:
    for code, header in {
        "pt_BR": '"Language-Team: Português <a@b.c>\\n"',
        "xx": '"Language-Team: xx <LL@li.org>\\n"',
        "yy": '"Language: yy\\n"',
        "zz": '"Language-Team:  <LL@li.org>\\n"',
    }.items():
        (tmp_path / code / "LC_MESSAGES").mkdir(parents=True)
        (tmp_path / code / "LC_MESSAGES" / "lora_viz.po").write_text(
            f'msgid ""\nmsgstr ""\n{header}\n', encoding="utf-8"
        )
    (tmp_path / "empty" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "README").write_text("no language")
    assert languages_in(tmp_path) == {
        "en": "English",
        "pt_BR": "Português",
        "xx": "xx",
        "yy": "yy",
        "zz": "zz",
    }


@pytest.mark.parametrize(
    ("locale", "language"),
    [("ko-KR", "ko"), ("ko", "ko"), ("KO_kr", "ko"), ("de-DE", "en"), ("", "en")],
)
def test_a_browser_gets_its_language_or_english(locale: str, language: str) -> None:
    assert language_of(locale) == language
