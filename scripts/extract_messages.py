"""Collect every string in `_()`, `N_()`, `plural()` and `counted()` into a gettext template.

Those within f-strings are among them.

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
FUNCTIONS = {"_": 1, "N_": 1, "plural": 2, "counted": 2}  # and how many texts each takes
Message = str | tuple[str, str]  # one text, or a singular and its plural


def messages() -> list[Message]:
    """Every message in the application's code, once, in alphabetical order."""
    files = [ROOT / "app.py", *ROOT.glob("pages/**/*.py"), *ROOT.glob("lora_viz/**/*.py")]
    found = {message for file in files for message in _messages_in(file)}
    return sorted(found, key=lambda message: (message,) if isinstance(message, str) else message)


def _messages_in(file: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = _texts(node.args[: FUNCTIONS.get(node.func.id, 0)])
            if texts:
                yield texts[0] if len(texts) == 1 else (texts[0], texts[1])


def _texts(arguments: list[ast.expr]) -> list[str]:
    """The arguments that are written out as text, if all are."""
    values = [part.value for part in arguments if isinstance(part, ast.Constant)]
    texts = [value for value in values if isinstance(value, str)]
    return texts if len(texts) == len(arguments) else []


def main() -> None:
    """Write the template to the path given."""
    catalogue = Catalog(domain="lora_viz")
    for message in messages():
        catalogue.add(message)
    with Path(sys.argv[1]).open("wb") as file:
        write_po(file, catalogue, omit_header=True)


if __name__ == "__main__":
    main()
