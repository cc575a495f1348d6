"""The pages: an entry each, from which navigation, links, tests and benchmarks derive.

A page's name is that of its file in `pages/`, of its folder here, of its figures and of its tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lora_viz.i18n import N_

FOLDER = Path(__file__).parents[2] / "pages"
SECTIONS = {
    "understand": N_("Understand"),
    "count": N_("Count"),
    "train": N_("Train"),
    "decide": N_("Decide"),
    "explainer": N_("The explainer"),
}


@dataclass(frozen=True)
class Page:
    """One page: the section that it stands in, its name, and its title to be translated."""

    section: str
    name: str
    title: str

    @property
    def file(self) -> Path:
        """Its script."""
        return FOLDER / self.section / f"{self.name}.py"

    @property
    def address(self) -> str:
        """Its path in the address; empty for the first page."""
        return "" if self is PAGES[0] else self.name.replace("_", "-")


PAGES = (
    Page("understand", "start", N_("Start")),
    Page("understand", "full_or_lora", N_("Full or LoRA")),
    Page("understand", "decomposition", N_("Decomposition")),
    Page("understand", "forward_pass", N_("Forward pass")),
    Page("understand", "layer_map", N_("Layer map")),
    Page("count", "parameters", N_("Parameters")),
    Page("count", "rank", N_("Rank")),
    Page("count", "checkpoints", N_("Checkpoints")),
    Page("train", "training_lab", N_("Training lab")),
    Page("train", "compare_runs", N_("Compare runs")),
    Page("train", "training_process", N_("Training process")),
    Page("decide", "memory", N_("Memory")),
    Page("decide", "planner", N_("Planner")),
    Page("decide", "compare", N_("Compare")),
    Page("decide", "this_machine", N_("This machine")),
    Page("decide", "trust", N_("How far to trust this")),
    Page("explainer", "summary", N_("Summary")),
    Page("explainer", "audit", N_("Audit")),
)


def page(name: str) -> Page:
    """The page of this name. Raises `KeyError`."""
    return _BY_NAME[name]


def file_of(name: str) -> str:
    """The script of a page, as Streamlit's links want it. Raises `KeyError`."""
    return str(page(name).file)


_BY_NAME = {page.name: page for page in PAGES}
