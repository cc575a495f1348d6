"""Every figure opens alone, with canned data that the application never uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from lora_viz import figures
from lora_viz.figures.__main__ import as_page, main
from lora_viz.figures.examples import EXAMPLES

FOLDER = Path(figures.__file__).parent
APART = {"__init__", "__main__", "examples"}


def test_every_module_that_draws_has_an_example() -> None:
    drawing = {file.stem for file in FOLDER.glob("*.py")} - APART | {"layer_map"}
    assert {name.partition(".")[0] for name in EXAMPLES} == drawing


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_drawn_and_says_that_it_is_one(name: str) -> None:
    """Plotly checks it as well, which it does not do in the application."""
    page = as_page(EXAMPLES[name]())
    assert "Canned data" in page
    assert "<svg" in page or "Plotly.newPlot" in page


def test_one_is_written_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "idea.html"
    assert main(["start_idea", str(page)]) == 0
    assert "Canned data" in page.read_text("utf-8")
    assert main(["no_such_figure"]) == 2
    assert "memory_bars" in capsys.readouterr().out
