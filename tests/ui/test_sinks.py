"""No page shows a name or a sentence from outside without the function that makes it literal.

Read from the source: what it can see is that the obvious way to forget it is not taken. That
nothing is forgotten in less obvious ways says `tests/e2e/test_outside_text.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWING = [*(ROOT / "lora_viz" / "ui").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
# one of the four functions of `lora_viz.ui.messages` says these
MESSAGES = {"error", "warning", "info", "success", "toast", "spinner", "exception"}
READ_MARKDOWN = {"markdown", "caption", "title", "header", "subheader", "metric", "progress"}
READ_MARKDOWN |= {"button", "expander", "popover", "tabs", "badge", "key_number", "page_link"}
# attributes whose text a reader, a link, a file, a run or a driver has written
FROM_OUTSIDE = {"name", "label", "model", "message", "reason", "advice", "device", "note", "path"}
FROM_OUTSIDE |= {"target_modules", "data_file", "warnings", "layer", "block", "gpu", "problem"}
FROM_OUTSIDE |= {"prompt", "driver", "module_type", "kind", "family", "version", "source"}
LITERAL = {"as_markdown", "as_code", "as_html", "as_latex", "as_plotly", "as_block"}
NUMBERS = {"grouped", "size", "binary_size", "percent"}


def called(node: ast.AST) -> str:
    """The last part of the name of the function that a call calls; empty for anything else."""
    function = node.func if isinstance(node, ast.Call) else None
    return getattr(function, "attr", "") or getattr(function, "id", "")


def is_map(node: ast.AST) -> bool:
    """Whether this is `map(as_code, names)` or its like."""
    if not isinstance(node, ast.Call) or called(node) != "map":
        return False
    return getattr(node.args[0], "id", "") in LITERAL


def outside(node: ast.AST) -> Iterator[str]:
    """Attributes from outside in an expression that no function makes literal."""
    if called(node) in LITERAL | NUMBERS or is_map(node):
        return
    if isinstance(node, ast.Subscript):  # names[check.name]: what is found, not what was looked for
        yield from outside(node.value)
        return
    if isinstance(node, ast.Attribute) and node.attr in FROM_OUTSIDE:
        yield f"{node.attr} in line {node.lineno}"
    for inner in ast.iter_child_nodes(node):
        yield from outside(inner)


def shown(call: ast.Call) -> Iterator[ast.expr]:
    """What a call shows: all but its keys, its callbacks and what it hands to them."""
    yield from call.args
    yield from (kw.value for kw in call.keywords if kw.arg in ("label", "help", "body", "text"))


def problems(node: ast.AST, is_messages: bool) -> Iterator[str]:
    """What is wrong with one piece of source code."""
    name = called(node)
    if isinstance(node, ast.Call) and name in READ_MARKDOWN:
        for argument in shown(node):
            yield from outside(argument)
    if isinstance(node, ast.Call) and name in MESSAGES and not is_messages:
        yield f"{name} in line {node.lineno}, not by lora_viz.ui.kit.messages"
    if isinstance(node, ast.Constant) and "`%" in str(node.value):
        yield f"a value between backticks in line {node.lineno}, not by as_code"
    if isinstance(node, ast.JoinedStr):
        for before, value in pairwise(node.values):
            is_number = isinstance(value, ast.FormattedValue) and called(value.value) in NUMBERS
            if str(getattr(before, "value", "")).endswith("`") and not is_number:
                yield f"a value between backticks in line {node.lineno}, not by as_code"


@pytest.mark.parametrize("file", DRAWING, ids=lambda file: str(file.relative_to(ROOT)))
def test_names_and_sentences_from_outside_are_made_literal(file: Path) -> None:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    assert [one for node in nodes for one in problems(node, file.name == "messages.py")] == []


@pytest.mark.parametrize(
    "line",
    [
        "st.caption(run.name)",
        "st.markdown(f'**{gpu.name}** {as_markdown(gpu.driver)}')",
        "column.markdown(_('in %(run)s') % {'run': one.name})",
        "st.button('x', help=sweep.path.name)",
        "page.key_number('0', _('lowest: %s') % best.name)",
        "st.warning(str(error))",
        "place.info(sentence)",
        "words = f'`{name}`'",
        "words = _('in `%(run)s`') % values",
    ],
)
def test_what_was_forgotten_is_seen(line: str) -> None:
    assert [one for node in ast.walk(ast.parse(line)) for one in problems(node, False)]
