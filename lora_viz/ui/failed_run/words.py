"""What the page says of a failed run, and how one takes a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.kit.colours import Meaning
from lora_viz.figures.memory_bars import Piece
from lora_viz.figures.wording.failures import kind_words
from lora_viz.figures.wording.pieces import KINDS, bar_pieces, meaning_of
from lora_viz.format import grouped, size
from lora_viz.i18n import _
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.snapshots.ask import unpacked
from lora_viz.memory.snapshots.beside import lay_beside
from lora_viz.memory.snapshots.reading import BEFORE, UNKNOWN, SnapshotFacts
from lora_viz.questions import ask_for, kept
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.messages import show_info

HISTORY = """torch.cuda.memory._record_memory_history(max_entries=100_000, stacks="python")
try:
    trainer.train()
finally:
    torch.cuda.memory._dump_snapshot("snapshot.pickle")"""
# kinds that only a snapshot has, in the colours of what they mostly are
OF_SNAPSHOTS: dict[str, Meaning] = {BEFORE: "frozen", UNKNOWN: "temporaries"}


def nothing_given() -> None:
    """What to give, and how a snapshot is taken."""
    show_info(
        _(
            "Upload a snapshot of your run's memory, or paste the message that it ended with. "
            "Nothing in a file is run. Set the scenario as your run was set."
        )
    )
    st.markdown(_("A snapshot is taken so, in the script that fails:"))
    st.code(HISTORY, language=None, wrap_lines=True)  # its colours are too pale for words


def causes(sentences: Iterable[str]) -> None:
    """Why the run failed, the largest cause first."""
    for sentence in sentences:
        st.markdown(f"- {as_markdown(sentence)}")


def pieces_of(facts: SnapshotFacts, method: str) -> list[Piece]:
    """The parts of a snapshot's highest moment, in the order and the colours of a simulated one."""
    order = (BEFORE, *KINDS, UNKNOWN)
    return [
        Piece(kind, _meaning(kind, method), kind_words((kind,), method), facts.by_kind[kind])
        for kind in order
        if facts.by_kind.get(kind)
    ]


def both_columns(facts: SnapshotFacts, report: MemoryReport, method: str) -> dict[str, list[Piece]]:
    """The snapshot's bar and the simulated one, of allocated memory alone, as a snapshot is."""
    simulated = [piece for piece in bar_pieces(report, method) if piece.kind in KINDS]
    return {_("Snapshot"): pieces_of(facts, method), _("Simulated"): simulated}


def _meaning(kind: str, method: str) -> Meaning:
    return OF_SNAPSHOTS.get(kind) or meaning_of(kind, method)


def table_beside(facts: SnapshotFacts, report: MemoryReport, method: str) -> list[dict[str, Any]]:
    """A row for each kind: bytes in the snapshot, simulated, and the difference."""
    return [
        {
            _("Kind of memory"): kind_words(row.kinds, method),
            _("Snapshot (B)"): row.measured,
            _("Simulated (B)"): row.simulated,
            _("Difference (B)"): row.excess,
        }
        for row in lay_beside(facts, report)
    ]


def table_of_step(report: MemoryReport, method: str) -> list[dict[str, Any]]:
    """The parts of what the simulated step needs, while there is nothing to lay beside it."""
    return [
        {_("Kind of memory"): one.words, _("Simulated (B)"): one.bytes}
        for one in bar_pieces(report, method)
    ]


def largest_storages(facts: SnapshotFacts, method: str) -> None:
    """The largest storages of the highest moment, and who made them."""
    rows = [
        {
            _("Bytes"): one.bytes,
            _("Kind of memory"): kind_words((one.kind,), method),
            _("Made in"): one.made_in,
        }
        for one in facts.largest
    ]
    st.markdown(f"**{_('The largest storages at that moment')}**")
    page.table(rows, "largest-storages")


def key_number(facts: SnapshotFacts) -> None:
    """The most that was allocated at once."""
    words = _(
        "The most that the run had allocated at once on card %(card)s: %(bytes)s bytes; %(events)s "
        "events were recorded."
    )
    page.key_number(
        size(facts.highest),
        words
        % {
            "card": grouped(facts.device),
            "bytes": grouped(facts.highest),
            "events": grouped(facts.events),
        },
    )


def simulated_snapshot(scenario: Scenario) -> None:
    """A button for the simulated step as a snapshot, which PyTorch's viewer draws."""
    st.markdown(
        _(
            "The simulated step as a snapshot, to look at it in PyTorch's own viewer next to "
            "yours: drop both on <https://pytorch.org/memory_viz>, which keeps them in the browser."
        )
    )
    st.download_button(
        _("Save the simulated snapshot"),
        data=lambda: unpacked(kept.ask(ask_for.simulated_snapshot_of(scenario))),
        file_name="lora-viz-snapshot.pickle",
        mime="application/octet-stream",
        on_click="ignore",
        key="simulated-snapshot",
    )


def formula() -> None:
    """How kinds are told."""
    for point in (
        _(
            "The highest moment is the event after which most bytes are allocated, each storage "
            "rounded up to 512 bytes as CUDA's allocator does."
        ),
        _(
            "A storage's kind follows from the Python stack that made it, and from how long it "
            "stays: what is made in a forward pass and is there in the backward pass is an "
            "activation."
        ),
        _(
            "A storage as large as those that the loss works on is taken for logits. What was "
            "there before the history begins has no kind."
        ),
    ):
        st.markdown(f"- {point}")


def why() -> None:
    """What the page is for, and what it does not know."""
    for point in (
        _(
            "A run that fails is either not what one believes that it is, or too large for the "
            "card. Compared with the simulated step, the kind that is too large shows which."
        ),
        _(
            "A simulated step ends at its peak, and has no evaluation, no generation and no other "
            "process next to it."
        ),
        _(
            "The kinds were tested on steps that ran on a processor with Python's real stacks. No "
            "snapshot of a real GPU was there to test them on."
        ),
    ):
        st.markdown(f"- {point}")


def sources() -> None:
    """Where snapshots and the message are described."""
    for address in (
        "https://docs.pytorch.org/docs/stable/torch_cuda_memory.html",
        "https://docs.pytorch.org/docs/stable/notes/cuda.html#memory-management",
    ):
        st.markdown(f"- <{address}>")
