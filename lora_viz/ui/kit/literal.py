"""Text from outside as it is written, for what pages are made of: Markdown, HTML, LaTeX, tables.

`as_markdown` leaves nothing in words that Streamlit would read: Markdown with GitHub's extensions,
its own directives, icons and emoji, and formulas between dollars.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from lora_viz.figures.kit.literal import LONGEST, shortened, visible, with_signs

if TYPE_CHECKING:  # takes most of a second, which the first page does not wait for
    import pandas as pd

# Invisible: keeps apart what Streamlit looks for in words that Markdown has already been read from.
APART = "\N{ZERO WIDTH SPACE}"
LOOKED_FOR = re.compile(
    r"""
    (?: :(?=//|material|[\w+-]+:|[a-z_+-][\w+-]*$)         # an address, an icon, an emoji
    | (?<=[-.\w+])@(?=[-\w])                               # an e-mail address
    | www(?=\.)                                            # an address without its protocol
    | (?<!\S)[-<>~](?=(?:->|>|-|=)(?!\S))                  # arrows, dashes and signs for them
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# What a backslash takes its meaning from. Underscores inside of a name such as c_attn have none.
MARKS = re.compile(
    r"""
    [\\`*\[\]<>$~|]
    | (?<![^\W_])_ | _(?![^\W_])
    | &(?=[\#\w]) | :(?=\S|$)
    | ^[-+=\#]
    """,
    re.VERBOSE,
)
NUMBERED = re.compile(r"^([0-9]{1,9})([.)])")
OF_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{mark: f"\\{mark}" for mark in "{}$&#%_"},
    }
)
# what a spreadsheet would compute, unless it is a number with a sign and perhaps a unit
COMPUTED = re.compile(r"[=@]|[+-](?![\d.,]+(?:\s?[A-Za-z%]{1,3})?$|$)")


def as_markdown(words: object, longest: int = LONGEST) -> str:
    """Markdown that shows these words as they are, on one line."""
    line = LOOKED_FOR.sub(lambda found: found.group() + APART, visible(words, longest))
    return NUMBERED.sub(r"\1\\\2", MARKS.sub(r"\\\g<0>", line))


def as_code(name: object, longest: int = LONGEST) -> str:
    """Markdown that shows a name in the font for code."""
    line = visible(name, longest).replace(":material/", f":{APART}material/")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    room = " " if not line or line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{room}{line}{room}{fence}"


def as_block(words: object) -> str:
    """Words for `st.code`, which keeps their lines and spaces, and reads nothing in them."""
    lines = str(words).expandtabs().splitlines()
    return "\n".join(shortened(with_signs(line), LONGEST) for line in lines)


def as_html(words: object, longest: int = LONGEST) -> str:
    """HTML that shows these words as they are, also where it stands in Markdown."""
    return escape(visible(words, longest)).replace(":material/", ":&#109;aterial/")


def as_latex(words: object, longest: int = LONGEST) -> str:
    r"""LaTeX that shows these words as they are in `\text{}` and its like."""
    return visible(words, longest).translate(OF_LATEX).replace(":material/", ":{}material/")


def as_cell(value: Any) -> Any:
    """A cell or a title of a table: words as they are, any other value unchanged."""
    if not isinstance(value, str):
        return value
    return visible(value).replace(":material/", f":{APART}material/")


def as_frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """A table's rows with their words and titles as they are; no two titles are the same."""
    import pandas as pd

    titles: dict[str, str] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        title = as_cell(name)
        titles[name] = f"{title} ({len(titles) + 1})" if title in titles.values() else title
    return pd.DataFrame([{titles[k]: as_cell(value) for k, value in row.items()} for row in rows])


def as_csv(frame: pd.DataFrame) -> bytes:
    """A table as CSV in which a spreadsheet computes nothing, in UTF-8 with its mark."""
    safe = frame.rename(columns=_not_computed).map(_not_computed)
    return safe.to_csv(index=False).encode("utf-8-sig")


def _not_computed(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and COMPUTED.match(value) else value
