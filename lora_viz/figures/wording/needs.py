"""What a step needs of a card, in words: one number with its parts, the same on every page."""

from __future__ import annotations

from lora_viz.format import size
from lora_viz.i18n import _
from lora_viz.machine.cards import Card
from lora_viz.memory.fit import Verdict, verdict
from lora_viz.memory.report import MemoryReport


def needs_of(report: MemoryReport, memory_bytes: int) -> str:
    """ "22.80 GB of 25.77 GB" """
    return _("%(needs)s of %(memory)s") % {
        "needs": size(report.needs.total),
        "memory": size(memory_bytes),
    }


def parts_of(report: MemoryReport) -> str:
    """The parts that the number is the sum of."""
    needs = report.needs
    return _(
        "%(allocated)s allocated at the peak, %(reserved)s that PyTorch's allocator reserves on "
        "top, %(context)s for the CUDA context (assumed)"
    ) % {
        "allocated": size(needs.allocated),
        "reserved": size(needs.reserved_beyond),
        "context": size(needs.context),
    }


def paged_sentence(report: MemoryReport) -> str:
    """Where a paged optimizer's state is, which no other number holds."""
    return _(
        "Another %s of optimizer state are paged: on the card while it has room, else in the "
        "host's memory."
    ) % size(report.paged)


def verdict_words() -> dict[Verdict, str]:
    """What the three verdicts are called."""
    return {
        "fits": _("fits"),
        "tight": _("tight: fits only if the allocator wastes little"),
        "too_large": _("does not fit"),
    }


def verdict_sentence(report: MemoryReport, card: Card) -> str:
    """Whether the step fits the card, as HTML."""
    sentences: dict[Verdict, str] = {
        "fits": _("<b>It fits</b> %s."),
        "tight": _("<b>It is tight</b> on %s: it fits only without what is reserved beyond."),
        "too_large": _("<b>It does not fit</b> %s."),
    }
    return sentences[verdict(report, card.memory_bytes)] % card.name
