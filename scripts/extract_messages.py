"""Collect every string in `_()` and `N_()` into a gettext template, f-strings included.

Babel's own extraction reads tokens, and to Python 3.11 an f-string is one token: it would miss
what stands inside. The syntax tree misses nothing.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

ROOT = Path(__file__).parents[1]
FUNCTIONS = {"_", "N_"}


def messages() -> list[str]:
    """Every message in the application's code, once, in alphabetical order."""
    files = [ROOT / "app.py", *ROOT.glob("pages/**/*.py"), *ROOT.glob("lora_viz/**/*.py")]
    return sorted({message for file in files for message in _messages_in(file)})


def _messages_in(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = node.args[0] if node.args else None
            is_text = isinstance(first, ast.Constant) and isinstance(first.value, str)
            if node.func.id in FUNCTIONS and is_text:
                yield first.value  # type: ignore[union-attr]


def main() -> None:
    """Write the template to the path given."""
    catalogue = Catalog(domain="lora_viz")
    for message in messages():
        catalogue.add(message)
    with Path(sys.argv[1]).open("wb") as file:
        write_po(file, catalogue, omit_header=True)


if __name__ == "__main__":
    main()
