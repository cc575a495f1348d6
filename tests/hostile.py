"""Text that would be more than text wherever it is not made literal, for every place that shows it.

Addresses are of hosts that no test asks: a request to one of them is a failure by itself.
"""

from __future__ import annotations

# For Markdown with GitHub's extensions, Streamlit's directives and icons, formulas, HTML, Plotly.
PIECES = (
    "**bold**",
    "__x__",
    "_y_",
    "*z*",
    "~~gone~~",
    "[link](http://other.example/a)",
    "![picture](http://other.example/b.png)",
    "<http://other.example/c>",
    "http://other.example/d",
    "HTTPS://other.example/e",
    "www.other.example",
    "someone@other.example",
    "[note][1]",
    "[^1]",
    ":smile:",
    ":+1:",
    ":material/home:",
    ":streamlit:",
    ":red[red]",
    ":blue-background[blue]",
    ":small[small]",
    ":green-badge[badge]",
    "$\\sum_i x_i$",
    "$$E = mc^2$$",
    "\\(x\\)",
    "&lt;i&gt;",
    "&#x3c;b&#x3e;",
    "&copy;",
    "<b>tag</b>",
    "<a href='http://other.example/f'>anchor</a>",
    "<img src=http://other.example/g.png onerror=alert(1)>",
    "<script>alert(2)</script>",
    "<svg onload=alert(3)>",
    "<sup>up</sup>",
    "<br>",
    "%{customdata}",
    "%(model)s",
    "%{x}",
    "| a | b |",
    "-> <- -- >= <= ~= <->",
    "</text></svg>",
    "\"'",
    "\\",
)
# Beginnings of lines that would be a heading, a list, a quotation, a table, code.
LINES = ("# h", "- item", "+ item", "1. one", "2) two", "> quoted", "|a|b|\n|-|-|\n|1|2|", "    code")
LINES += ("===", "---", "```\ncode\n```", "~~~", "[1]: http://other.example/h", "::leaf", ":::box")
# Characters that cannot be seen, or that turn the writing direction.
UNSEEN = ("\u202eright to left\u202c", "\u2066isolated\u2069", "\x1b[31m", "\x07", "\ufeff", "\u2028")
HOSTILE = " ".join(PIECES)
EVERYTHING = "\n".join((*LINES, HOSTILE, *UNSEEN))
