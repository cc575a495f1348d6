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
class Next:
    """Where a page sends its reader.

    Attributes:
        name: the next page's.
        why: what it adds to what the reader has just seen, in a sentence or two; to be translated.
    """

    name: str
    why: str


@dataclass(frozen=True)
class Page:
    """One page: where it stands, what it is called, what it answers, and what it needs for that.

    Attributes:
        section: one of `SECTIONS`.
        name: its file's.
        title: what navigation and the browser's tab call it, and its headline; to be translated.
        answers: the question that it answers, in one sentence; to be translated.
        next: where to go from its end.
        needs: what its numbers are about; empty where it has none, and so nothing to ask about.
        steps: how many simulated training steps it asks for, which take seconds each.
        heading: its headline where that deliberately differs from the title; to be translated.
        speaks_of_explainer: whether it quotes the explainer or names it.
    """

    section: str
    name: str
    title: str
    answers: str
    next: Next
    needs: tuple[Need, ...] = ("model",)
    steps: int = 0
    heading: str = ""
    speaks_of_explainer: bool = False

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
        Next(
            "full_or_lora",
            N_(
                "Begin with one layer: what training all of W costs, and what A and B cost instead."
            ),
        ),
        heading=N_("LoRA, made visible"),
        speaks_of_explainer=True,
    ),
    Page(
        "understand",
        "full_or_lora",
        N_("Full or LoRA"),
        N_("What does one layer cost, trained in full and with LoRA?"),
        Next(
            "decomposition",
            N_("The saving rests on one claim: the thin product B × A is enough for ΔW."),
        ),
        heading=N_("Full fine-tuning or LoRA"),
    ),
    Page(
        "understand",
        "decomposition",
        N_("Decomposition"),
        N_("How close does B × A come to ΔW?"),
        Next(
            "forward_pass", N_("You know the matrices. Follow one vector through W, A and B to h.")
        ),
    ),
    Page(
        "understand",
        "forward_pass",
        N_("Forward pass"),
        N_("What does an adapted layer compute?"),
        Next(
            "layer_map", N_("That was one layer. See which of the model's layers get an A and a B.")
        ),
        speaks_of_explainer=True,
    ),
    Page(
        "understand",
        "layer_map",
        N_("Layer map"),
        N_("Which layers of the model get an A and a B?"),
        Next(
            "parameters",
            N_("Every marked layer adds to the count. See the sum for the whole model."),
        ),
        speaks_of_explainer=True,
    ),
    Page(
        "understand",
        "glossary",
        N_("Glossary"),
        N_("What does each term mean?"),
        Next("start", N_("See every term at work, from the idea on.")),
        needs=(),
    ),
    Page(
        "count",
        "parameters",
        N_("Parameters"),
        N_("How many parameters of the model are trained?"),
        Next(
            "rank",
            N_("The rank sets that count. See what each rank costs and what runs gained from it."),
        ),
        speaks_of_explainer=True,
    ),
    Page(
        "count",
        "rank",
        N_("Rank"),
        N_("What does each rank cost, and what did runs gain from it?"),
        Next(
            "training_process",
            N_("The rank is the room that A and B have. See how training fills it."),
        ),
        needs=("model", "runs"),
        speaks_of_explainer=True,
    ),
    Page(
        "count",
        "checkpoints",
        N_("Checkpoints"),
        N_("What ends up on disk?"),
        Next(
            "bring_your_own",
            N_("You may have such a file, or settings to train one. See what they mean and cost."),
        ),
        speaks_of_explainer=True,
    ),
    Page(
        "train",
        "training_lab",
        N_("Training lab"),
        N_("What does a real training run show?"),
        Next(
            "compare_runs",
            N_("One run proves little. See which setting made the difference between several."),
        ),
        needs=("model", "runs", "machine"),
    ),
    Page(
        "train",
        "compare_runs",
        N_("Compare runs"),
        N_("Which setting made the difference between runs?"),
        Next("memory", N_("A setting that works must also fit. See what one step takes of a GPU.")),
        needs=("runs",),
    ),
    Page(
        "train",
        "training_process",
        N_("Training process"),
        N_("How do A and B change during training?"),
        Next("training_lab", N_("That run is over. Start one of your own, with your settings.")),
        needs=("model", "runs"),
        speaks_of_explainer=True,
    ),
    Page(
        "decide",
        "memory",
        N_("Memory"),
        N_("How much memory does a training step take?"),
        Next(
            "checkpoints",
            N_("After the last step something is saved. See which files, and how large they are."),
        ),
        steps=3,
        speaks_of_explainer=True,
    ),
    Page(
        "decide",
        "bring_your_own",
        N_("Bring your own"),
        N_("What does my own file mean, what does it cost, and does it fit my card?"),
        Next("planner", N_("The files are small and the card is not. See which card is enough.")),
        steps=1,
    ),
    Page(
        "decide",
        "planner",
        N_("Planner"),
        N_("Which card is enough, and how far does it go?"),
        Next(
            "failed_run",
            N_("A run can fail on a card that should be enough. See which kind was too large."),
        ),
        needs=("model", "machine"),
        steps=9,
    ),
    Page(
        "decide",
        "compare",
        N_("Compare"),
        N_("What do several scenarios cost, side by side?"),
        Next(
            "trust",
            N_("Before you decide by these numbers, see how far they are from measured ones."),
        ),
        needs=("scenario",),
    ),
    Page(
        "decide",
        "failed_run",
        N_("Out of memory"),
        N_("My run had no memory left: which kind was too large?"),
        Next(
            "this_machine",
            N_("The planner knows cards by their data sheets. See which cards are here."),
        ),
        needs=("model", "machine"),
        steps=1,
        heading=N_("Why did my run fail?"),
    ),
    Page(
        "decide",
        "this_machine",
        N_("This machine"),
        N_("Which GPUs are here, and what can torch use of them?"),
        Next("compare", N_("You know the card. Lay your choices side by side.")),
        needs=("machine",),
    ),
    Page(
        "decide",
        "trust",
        N_("How far to trust this"),
        N_("How far are simulated steps from measured ones?"),
        Next("summary", N_("You have the numbers and their limits. See them on one page.")),
        needs=("measured",),
    ),
    Page(
        "explainer",
        "summary",
        N_("Summary"),
        N_("What does LoRA make small, and what does it leave as it is?"),
        Next(
            "audit",
            N_("Some of the explainer's figures differ from these. See which of them hold."),
        ),
        speaks_of_explainer=True,
    ),
    Page(
        "explainer",
        "audit",
        N_("Audit"),
        N_("Which of the explainer’s figures hold?"),
        Next("glossary", N_("Some verdicts turn on what a word means. Look it up.")),
        needs=("measured",),
        speaks_of_explainer=True,
    ),
)


def page(name: str) -> Page:
    """The page of this name. Raises `KeyError`."""
    return _BY_NAME[name]


def number_of(name: str) -> int:
    """The place of a page among all, counted from 1. Raises `KeyError`."""
    return PAGES.index(page(name)) + 1


def file_of(name: str) -> str:
    """The script of a page, as Streamlit's links want it. Raises `KeyError`."""
    return str(page(name).file)


_BY_NAME = {page.name: page for page in PAGES}
