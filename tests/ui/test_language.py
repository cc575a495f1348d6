"""Whatever runs for a reader speaks that reader's language, in whichever thread it runs."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
DRAWING = [*ROOT.glob("lora_viz/ui/**/*.py"), *ROOT.glob("pages/**/*.py")]


def test_the_session_alone_sets_the_language() -> None:
    setters = {
        file.relative_to(ROOT).as_posix()
        for file in DRAWING
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and "set_language" in {one.name for one in node.names}
    }
    assert setters == {"lora_viz/ui/session/state.py"}
