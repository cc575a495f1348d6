"""What the theme and the logo take from the colours of meaning; `make theme` writes both files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lora_viz.figures.kit.colours import (
    BORDER,
    DIVERGING,
    GROUND,
    INK,
    PANEL,
    SEQUENTIAL,
    STYLES,
    Meaning,
    colour,
    dark_enough,
)

Value = str | tuple[str, ...]
# the theme's own colours, by the meaning that each has here; words and widgets name them
NAMED: dict[str, Meaning] = {
    "blue": "frozen",
    "yellow": "A",
    "orange": "B",
    "green": "gradient",
    "violet": "optimizer",
    "gray": "activations",
}
CATEGORICAL: tuple[Meaning, ...] = (
    *("frozen", "A", "B", "update", "gradient"),
    *("optimizer", "activations", "logits", "quantization", "temporaries"),
)
PER_LINE = 5  # colours of a scale
_KEY = re.compile(r'^(?P<key>\w+) = (?:"[^"]*"|\[\n(?:  .*\n)+\])', re.MULTILINE)


def theme() -> dict[str, dict[str, Value]]:
    """The settings of Streamlit's theme that are colours of meaning, by section."""
    return {
        "theme": {
            **{f"{name}Color": colour(meaning) for name, meaning in NAMED.items()},
            "chartCategoricalColors": tuple(map(colour, CATEGORICAL)),
            "chartDivergingColors": DIVERGING["light"],
        },
        "theme.light": {
            # the fire of B, dark enough for words
            "primaryColor": dark_enough(colour("B"), GROUND["light"]),
            **_surfaces("light"),
            **{f"{name}TextColor": STYLES[meaning].on_light for name, meaning in NAMED.items()},
            "chartSequentialColors": SEQUENTIAL,
        },
        "theme.dark": {
            "primaryColor": colour("B"),
            **_surfaces("dark"),
            **{f"{name}TextColor": STYLES[meaning].on_dark for name, meaning in NAMED.items()},
            "chartSequentialColors": SEQUENTIAL[::-1],
        },
    }


def with_theme(config: str) -> str:
    """The text of Streamlit's configuration with the colours of meaning in it, comments kept."""
    parts = re.split(r"^(\[.+\])$", config, flags=re.MULTILINE)
    settings = theme()
    for place, header in enumerate(parts):
        if header.strip("[]") in settings and header.startswith("["):
            parts[place + 1] = _replaced(parts[place + 1], settings[header.strip("[]")])
    return "".join(parts)


def logo() -> str:
    """The logo as SVG: W, and B and A beside it."""
    frozen = colour("frozen")
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32" width="150" height="32">
  <rect x="2" y="4" width="24" height="24" fill="{frozen}"/>
  <rect x="30" y="4" width="3" height="24" fill="{colour("B")}"/>
  <rect x="36" y="4" width="24" height="3" fill="{colour("A")}"/>
  <text x="40" y="26" font-family="Pretendard, Helvetica, Arial, sans-serif" font-size="20" \
font-weight="700" fill="{frozen}">LoRA Viz</text>
</svg>
"""


def _surfaces(ground: str) -> dict[str, Value]:
    return {
        "backgroundColor": GROUND[ground],
        "secondaryBackgroundColor": PANEL[ground],
        "textColor": INK[ground],
        "borderColor": BORDER[ground],
        "codeTextColor": INK[ground],
    }


def _replaced(section: str, values: Mapping[str, Value]) -> str:
    def written(found: re.Match[str]) -> str:
        key = found["key"]
        return f"{key} = {_as_toml(values[key])}" if key in values else found[0]

    return _KEY.sub(written, section)


def _as_toml(value: Value) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    quoted = [f'"{one}"' for one in value]
    lines = (
        ", ".join(quoted[start : start + PER_LINE]) for start in range(0, len(quoted), PER_LINE)
    )
    return "[\n" + "".join(f"  {line},\n" for line in lines) + "]"
