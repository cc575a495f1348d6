"""The pages: an entry each, from which navigation, links, tests and benchmarks derive.

A page's name is that of its file in `pages/`, of its folder here, of its figures and of its tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lora_viz.i18n import N_

FOLDER = Path(__file__).parents[2] / "pages"
SECTIONS = {
    "understand": N_("Understand"),
    "count": N_("Count"),
    "train": N_("Train"),
    "decide": N_("Decide"),
    "explainer": N_("The explainer"),
}
Need = Literal[
    "model",  # the layers of the scenario's model, and which of them its adapter adapts
    "scenario",  # other choices of the scenario, whether its model can be read or not
    "runs",  # runs that ship with the application, or the reader's own
    "machine",  # the GPUs that are here
    "measured",  # steps that others measured, and the explainer's figures
]


@dataclass(frozen=True)
class Page:
    """One page: where it stands, what it is called, what it answers, and what it needs for that.

    Attributes:
        section: one of `SECTIONS`.
        name: its file's.
        title: what navigation and the browser's tab call it, and its headline; to be translated.
        answers: the question that it answers, in one sentence; to be translated.
        needs: what its numbers are about; empty where it has none, and so nothing to ask about.
        steps: how many simulated training steps it asks for, which take seconds each.
        heading: its headline where that deliberately differs from the title; to be translated.
        is_first_step: whether the start page sends readers here.
    """

    section: str
    name: str
    title: str
    answers: str
    needs: tuple[Need, ...] = ("model",)
    steps: int = 0
    heading: str = ""
    is_first_step: bool = False

    @property
    def file(self) -> Path:
        """Its script."""
        return FOLDER / self.section / f"{self.name}.py"

    @property
    def address(self) -> str:
        """Its path in the address; empty for the first page."""
        return "" if self is PAGES[0] else self.name.replace("_", "-")

    @property
    def headline(self) -> str:
        """What stands above the page; to be translated."""
        return self.heading or self.title

    @property
    def is_about_model(self) -> bool:
        """Whether its numbers are of the scenario's model and adapter."""
        return "model" in self.needs

    @property
    def follows_scenario(self) -> bool:
        """Whether anything on it changes with the scenario."""
        return self.is_about_model or "scenario" in self.needs


PAGES = (
    Page(
        "understand",
        "start",
        N_("Start"),
        N_("What is LoRA?"),
        heading=N_("LoRA, made visible"),
    ),
    Page(
        "understand",
        "full_or_lora",
        N_("Full or LoRA"),
        N_("What does one layer cost, trained in full and with LoRA?"),
        heading=N_("Full fine-tuning or LoRA"),
        is_first_step=True,
    ),
    Page(
        "understand",
        "decomposition",
        N_("Decomposition"),
        N_("How close does B × A come to ΔW?"),
        is_first_step=True,
    ),
    Page(
        "understand",
        "forward_pass",
        N_("Forward pass"),
        N_("What does an adapted layer compute?"),
    ),
    Page(
        "understand",
        "layer_map",
        N_("Layer map"),
        N_("Which layers of the model get an A and a B?"),
    ),
    Page(
        "understand",
        "glossary",
        N_("Glossary"),
        N_("What does each term mean?"),
        needs=(),
    ),
    Page(
        "count",
        "parameters",
        N_("Parameters"),
        N_("How many parameters of the model are trained?"),
        is_first_step=True,
    ),
    Page(
        "count",
        "rank",
        N_("Rank"),
        N_("What does each rank cost, and what did runs gain from it?"),
        needs=("model", "runs"),
    ),
    Page(
        "count",
        "checkpoints",
        N_("Checkpoints"),
        N_("What ends up on disk?"),
        is_first_step=True,
    ),
    Page(
        "train",
        "training_lab",
        N_("Training lab"),
        N_("What does a real training run show?"),
        needs=("model", "runs", "machine"),
    ),
    Page(
        "train",
        "compare_runs",
        N_("Compare runs"),
        N_("Which setting made the difference between runs?"),
        needs=("runs",),
    ),
    Page(
        "train",
        "training_process",
        N_("Training process"),
        N_("How do A and B change during training?"),
        needs=("model", "runs"),
    ),
    Page(
        "decide",
        "memory",
        N_("Memory"),
        N_("How much memory does a training step take?"),
        steps=3,
    ),
    Page(
        "decide",
        "planner",
        N_("Planner"),
        N_("Which card is enough, and how far does it go?"),
        needs=("model", "machine"),
        steps=9,
    ),
    Page(
        "decide",
        "compare",
        N_("Compare"),
        N_("What do several scenarios cost, side by side?"),
        needs=("scenario",),
    ),
    Page(
        "decide",
        "this_machine",
        N_("This machine"),
        N_("Which GPUs are here, and what can torch use of them?"),
        needs=("machine",),
    ),
    Page(
        "decide",
        "trust",
        N_("How far to trust this"),
        N_("How far are simulated steps from measured ones?"),
        needs=("measured",),
    ),
    Page(
        "explainer",
        "summary",
        N_("Summary"),
        N_("What does LoRA make small, and what does it leave as it is?"),
    ),
    Page(
        "explainer",
        "audit",
        N_("Audit"),
        N_("Which of the explainer’s figures hold?"),
        needs=("measured",),
    ),
)


def page(name: str) -> Page:
    """The page of this name. Raises `KeyError`."""
    return _BY_NAME[name]


def file_of(name: str) -> str:
    """The script of a page, as Streamlit's links want it. Raises `KeyError`."""
    return str(page(name).file)


_BY_NAME = {page.name: page for page in PAGES}
