"""Text that would be more than text where it is not made literal, for every place that shows it.

Each piece holds a word of its own (Za, Zb, …): where the word is shown without what stands around
it in the piece, something has read the piece. No test asks the hosts of the addresses.
"""

from __future__ import annotations

# For Markdown with GitHub's extensions, Streamlit's directives, formulas, HTML, Plotly, Python.
PIECES = (
    "**Za**",
    "__Zb__",
    "_Zc_",
    "*Zd*",
    "~~Ze~~",
    "[Zf](http://other.example/a)",
    "![Zg](http://other.example/b.png)",
    "<http://Zh.other.example>",
    "http://Zi.other.example/d",
    "HTTPS://Zj.other.example/e",
    "www.Zk.other.example",
    "Zl@other.example",
    "[Zm][1]",
    "[^Zn]",
    ":red[Zo]",
    ":blue-background[Zp]",
    ":small[Zq]",
    ":green-badge[Zr]",
    "$\\sum_i Zs_i$",
    "$$E = Zt^2$$",
    "&lt;Zu&gt;",
    "&#x3c;Zv&#x3e;",
    "<b>Zw</b>",
    "<a href='http://other.example/f'>Zx</a>",
    "<sup>Zy</sup>",
    "%{Zz}",
    "%(ZA)s",
    "| ZB | b |",
    "`ZC`",
    "\\*ZD\\*",
)
# These would leave no word behind.
SIGNS = (
    ":smile:",
    ":+1:",
    ":material/home:",
    ":streamlit:",
    "&copy;",
    "<img src=http://other.example/g.png onerror=alert(1)>",
    "<script>alert(2)</script>",
    "<svg onload=alert(3)>",
    "<br>",
    "-> <- -- >= <= ~= <->",
    "</text></svg>",
    "\"'",
    "\\",
)
# Beginnings of lines that would be a heading, a list, a quotation, a table, code.
LINES = ("# h", "- item", "+ item", "1. one", "2) two", "> quoted", "|a|b|\n|-|-|\n|1|2|")
LINES += ("    code", "===", "---", "```\ncode\n```", "~~~", "::leaf", ":::box")
LINES += ("[1]: http://other.example/h",)
# Characters that cannot be seen, or that turn the writing direction.
UNSEEN = ("\u202eto the left\u202c", "\u2066apart\u2069", "\x1b[31m", "\x07", "\ufeff", "\u2028")
EVERYTHING = "\n".join((*LINES, *PIECES, *SIGNS, *UNSEEN))
