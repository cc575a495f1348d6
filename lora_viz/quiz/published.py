"""Questions about what is published or recorded: cards, measured steps, the explainer's figures."""

from __future__ import annotations

from math import isclose

from lora_viz.format import grouped, size
from lora_viz.i18n import N_, Message
from lora_viz.memory.report import CUDA_CONTEXT_BYTES
from lora_viz.quiz import mistakes
from lora_viz.quiz.asking import to_choose, to_drag
from lora_viz.quiz.facts import KnownFacts
from lora_viz.quiz.prediction import Prediction, in_its_unit

GB, GIB, MIB = 1e9, 2**30, 2**20
NEAR = 0.01  # of what was measured


def memory_of_card(facts: KnownFacts) -> Prediction | None:
    """How many decimal gigabytes a card has that is sold with binary ones."""
    card = facts.scenario.card
    sold = card.memory_bytes / GIB
    if not isclose(sold, round(sold), rel_tol=1e-4):
        return None
    return to_choose(
        "memory-of-card",
        Message(
            N_(
                "%(card)s is sold with “%(sold)s GB”, which means GiB (2³⁰ bytes). How much is "
                "that in GB of 10⁹ bytes?"
            ),
            card=card.name,
            sold=f"{sold:g}",
        ),
        "bytes",
        card.memory_bytes,
        (
            (
                round(sold) * GB,
                Message(N_("That takes the name for the unit: 2³⁰ is 7 % more than 10⁹.")),
            ),
            (
                sold * GB * GB / GIB,
                Message(N_("That goes the other way: a GiB is more than a GB, not less.")),
            ),
        ),
        Message(
            N_(
                "%(sold)s × 2³⁰ = %(bytes)s bytes. Here sizes are in decimal units, so a card has "
                "more of them than its box says."
            ),
            sold=f"{sold:g}",
            bytes=grouped(card.memory_bytes),
        ),
    )


def reading_of_card(facts: KnownFacts) -> Prediction | None:
    """How long a card takes to read its whole memory once."""
    card = facts.scenario.card
    right = card.memory_bytes / (card.bandwidth_gb_per_s * GB)
    return to_choose(
        "reading-of-card",
        Message(
            N_(
                "A card of %(memory)s reads %(rate)s GB per second, as published for %(card)s. How "
                "long does it take to read all of it once?"
            ),
            memory=size(card.memory_bytes),
            rate=f"{card.bandwidth_gb_per_s:,g}",
            card=facts.scenario.gpu,
        ),
        "milliseconds",
        right,
        (
            (8 * right, Message(N_("That counts bits. Bandwidth in GB/s counts bytes."))),
            (right / 8, Message(N_("That takes the memory for bits. A byte has eight of them."))),
            (2 * right, Message(N_("That reads and writes it back. Reading alone is half."))),
        ),
        Message(
            N_(
                "%(memory)s divided by the rate is %(right)s. No step can be faster than the time "
                "in which its weights are read."
            ),
            memory=size(card.memory_bytes),
            right=in_its_unit(right, "milliseconds"),
        ),
    )


def near_the_measured(facts: KnownFacts) -> Prediction | None:
    """How many measured peaks the simulated step meets within 1 %."""
    rows = facts.accuracies
    near = sum(abs(row.error) <= NEAR for row in rows)
    return to_drag(
        "near-the-measured",
        Message(
            N_(
                "The bar is all %(all)s peaks that others measured. How many of them does the "
                "simulated step meet within 1 %%?"
            ),
            all=grouped(len(rows)),
        ),
        "number",
        near,
        len(rows),
        Message(
            N_(
                "%(near)s of %(all)s. The table lists each run with its error; for reserved memory "
                "it is the distance to the simulated range."
            ),
            near=grouped(near),
            all=grouped(len(rows)),
        ),
    )


def context_in_decimals(_facts: KnownFacts) -> Prediction | None:
    """The assumed CUDA context in decimal megabytes."""
    mebibytes = CUDA_CONTEXT_BYTES / MIB
    return to_choose(
        "context-in-decimals",
        Message(
            N_(
                "A CUDA context of %s MiB is assumed for every card. How much is that in MB of 10⁶ "
                "bytes?"
            ),
            f"{mebibytes:g}",
        ),
        "bytes",
        CUDA_CONTEXT_BYTES,
        (
            (mebibytes * 1e6, mistakes.BINARY_UNITS_SAID_DECIMAL),
            (
                mebibytes * 1e12 / MIB,
                Message(N_("That goes the other way: a MiB is more than a MB, not less.")),
            ),
        ),
        Message(
            N_(
                "%(mebibytes)s × 2²⁰ = %(bytes)s bytes, which no simulation can see: real contexts "
                "take 300 to 600 MiB, by card and driver."
            ),
            mebibytes=f"{mebibytes:g}",
            bytes=grouped(CUDA_CONTEXT_BYTES),
        ),
    )


def contradicted_figures(facts: KnownFacts) -> Prediction | None:
    """How many of the explainer's figures a computation contradicts."""
    found = facts.verdicts.count("contradicted")
    return to_drag(
        "contradicted-figures",
        Message(
            N_(
                "The bar is all %s figures of the explainer. How many does a computation, or the "
                "explainer itself, contradict?"
            ),
            grouped(len(facts.verdicts)),
        ),
        "number",
        found,
        len(facts.verdicts),
        Message(
            N_("%(found)s of %(all)s. The table says of each why, and what was computed."),
            found=grouped(found),
            all=grouped(len(facts.verdicts)),
        ),
    )
