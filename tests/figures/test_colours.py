"""A colour of meaning stands in one table; theme, logo and pages take it from there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from lora_viz.figures.kit import colours
from lora_viz.figures.kit.colours import (
    GROUND,
    PANEL,
    READABLE,
    STYLES,
    Meaning,
    contrast_of,
    dark_enough,
)
from lora_viz.ui.kit.theme import logo, theme, with_theme
from scripts.write_theme import CONFIG, LOGO, REPOSITORY

COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|\brgba?\(")
TABLE = Path(colours.__file__)


def files_below(*folders: str) -> Iterator[tuple[str, str]]:
    """Every text that draws: its path and what stands in it."""
    for folder in folders:
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.suffix in (".py", ".css", ".js", ".svg") and path not in (TABLE, LOGO):
                yield str(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8")


def test_every_meaning_has_a_colour_of_its_own() -> None:
    assert tuple(STYLES) == get_args(Meaning)
    of_meanings = [style.colour for style in STYLES.values()]
    assert len(set(of_meanings)) == len(of_meanings)


def test_the_theme_and_the_logo_are_what_the_table_makes_of_them() -> None:
    """Otherwise: `make theme`."""
    text = CONFIG.read_text(encoding="utf-8")
    config: dict[str, Any] = tomllib.loads(text)["theme"]
    sections = {"theme": config, "theme.light": config["light"], "theme.dark": config["dark"]}
    for section, values in theme().items():
        wanted = {
            key: value if isinstance(value, str) else [*value] for key, value in values.items()
        }
        assert {key: sections[section][key] for key in wanted} == wanted
    assert with_theme(text) == text
    assert logo() == LOGO.read_text(encoding="utf-8")


def test_another_colour_of_b_in_the_table_reaches_the_theme_and_the_logo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = colours.Style("#335599", "🔥", "\\", on_light="#223377", on_dark="#99AAEE")
    monkeypatch.setitem(STYLES, "B", other)
    config = tomllib.loads(with_theme(CONFIG.read_text(encoding="utf-8")))["theme"]
    assert config["orangeColor"] == config["chartCategoricalColors"][2] == "#335599"
    assert config["light"]["orangeTextColor"] == "#223377"
    assert config["dark"]["orangeTextColor"] == "#99AAEE"
    assert config["light"]["primaryColor"] == config["dark"]["primaryColor"] == "#335599"
    assert '<rect x="30" y="4" width="3" height="24" fill="#335599"/>' in logo()


def test_pages_name_meanings_and_no_colours() -> None:
    found = [
        (path, match[0])
        for path, text in files_below("lora_viz/ui", "pages")
        for match in COLOUR.finditer(text)
    ]
    assert found == []


def test_no_colour_of_a_meaning_is_written_twice() -> None:
    meant = {style.colour.lower() for style in STYLES.values()}
    found = [
        (path, match[0])
        for path, text in files_below("lora_viz", "pages")
        for match in COLOUR.finditer(text)
        if match[0].lower() in meant
    ]
    assert found == []


@pytest.mark.parametrize("meaning", STYLES)
def test_words_in_the_colour_of_a_meaning_can_be_read(meaning: Meaning) -> None:
    assert contrast_of(STYLES[meaning].on_light, GROUND["light"]) >= READABLE
    for ground in (GROUND["dark"], PANEL["dark"]):
        assert contrast_of(STYLES[meaning].on_dark, ground) >= READABLE


def test_contrast_is_wcags() -> None:
    """The two ends of the scale, and a grey that is known to be just readable on white."""
    assert contrast_of("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast_of("#FFFFFF", "#FFFFFF") == 1
    assert contrast_of("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)
    assert dark_enough("#000000", "#FFFFFF") == "#000000"
    assert contrast_of(dark_enough("#E69F00", "#FFFFFF"), "#FFFFFF") == pytest.approx(4.5, abs=0.05)
