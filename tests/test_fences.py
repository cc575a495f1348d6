"""The three layers of the code import in one direction only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DRAWING = {"ui", "figures", "cli"}
SPOKEN = {"_", "plural"}  # what speaks a language at once; a Message does so where it is shown


def test_import_contracts_are_kept() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def speaking(code: str) -> set[str]:
    """What a module takes from `i18n` that speaks a language at once."""
    nodes = list(ast.walk(ast.parse(code)))
    named = {
        one.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "lora_viz.i18n"
        for one in node.names
    }
    reached = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "i18n"
    }
    return SPOKEN & (named | reached)


def test_what_computes_speaks_no_language() -> None:
    package = ROOT / "lora_viz"
    computing = [
        file
        for file in package.rglob("*.py")
        if file.relative_to(package).parts[0] not in DRAWING | {"i18n.py"}
    ]
    assert len(computing) > 100
    found = {str(file.relative_to(ROOT)): speaking(file.read_text("utf-8")) for file in computing}
    assert {name: words for name, words in found.items() if words} == {}


def test_that_fence_sees_a_word_however_it_is_imported() -> None:
    assert speaking("from lora_viz.i18n import N_, _") == {"_"}
    assert speaking("from lora_viz.i18n import plural as p") == {"plural"}
    assert speaking("from lora_viz import i18n\nprint(i18n._('x'))") == {"_"}
    assert not speaking("from lora_viz.i18n import N_, Message, counted")
