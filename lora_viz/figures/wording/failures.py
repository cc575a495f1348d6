"""Why a run had no memory left, in words: for the page and the command line alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.wording.pieces import words_for
from lora_viz.format import size
from lora_viz.i18n import _
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.snapshots.beside import Beside, largest_excess, lay_beside
from lora_viz.memory.snapshots.reading import BEFORE, UNKNOWN, SnapshotFacts
from lora_viz.memory.snapshots.refused_memory import RefusedMemory

NEARLY_ALIKE = 0.05  # of the simulated peak


def kind_words(kinds: Sequence[str], method: str) -> str:
    """What some kinds are called together."""
    if len(kinds) > 1:
        return _("Loaded before the first step")
    names = {BEFORE: _("There before the history"), UNKNOWN: _("Unknown")}
    return names.get(kinds[0]) or words_for(kinds[0], method)


def causes_in_snapshot(
    facts: SnapshotFacts, report: MemoryReport, scenario: Scenario
) -> Iterator[str]:
    """What the snapshot says of the failure, beside the simulated step; the largest cause first."""
    if facts.refused:
        refused, free = facts.refused
        yield _("A request of %(refused)s failed while %(free)s of the card were free.") % {
            "refused": size(refused),
            "free": size(free),
        }
    if not facts.events:
        yield _(
            "No history was recorded, so that only the snapshot's own moment is known. Call "
            "torch.cuda.memory._record_memory_history() before the training."
        )
    elif not facts.has_stacks:
        yield _(
            "No stacks were recorded, so that no storage can be told from another. Call "
            'torch.cuda.memory._record_memory_history(stacks="python").'
        )
    first = largest_excess(lay_beside(facts, report), report)
    if first is not None:
        yield _("%(kind)s: %(excess)s more than in the simulated step. %(advice)s") % {
            "kind": kind_words(first.kinds, scenario.method),
            "excess": size(first.excess),
            "advice": what_to_change(first, scenario),
        }
    else:
        yield _(
            "No kind is much larger than in the simulated step: the run does what the scenario "
            "says, and the card is too small for it, or others use it too."
        )
    unused = facts.reserved - facts.highest
    if unused > NEARLY_ALIKE * report.peak_allocated:
        yield _too_scattered(unused)


def what_to_change(row: Beside, scenario: Scenario) -> str:
    """What to change where a run has more of this than the scenario."""
    if len(row.kinds) > 1:
        return _(
            "Weights may be in another number format than the scenario's, packed layers may have "
            "been left unpacked, or a second model is on the card."
        )
    checkpointing = (
        _("The scenario has gradient checkpointing: look whether the run really has it.")
        if scenario.gradient_checkpointing
        else _("Turn gradient checkpointing on.")
    )
    texts = {
        "weights": _("Look at the number format that the weights are loaded in."),
        "quantization": _("Turn double quantization on."),
        "adapter": _("The rank or the target modules are larger than the scenario's."),
        "modules_to_save": _("More modules are trained in full than the scenario's."),
        "optimizer": _(
            "More is trained than the scenario says, or by an optimizer that keeps more for each "
            "value."
        ),
        "gradients": _("More is trained than the scenario says: look for unfrozen weights."),
        "activations": _(
            "The batch or its longest sequence is larger than the scenario's, or layers keep more "
            "of it. %s"
        )
        % checkpointing,
        "logits": _(
            "The batch or its longest sequence is larger than the scenario's, or the logits are "
            "copied once more: look at the loss and at what the training loop keeps of it."
        ),
        "temporaries": _(
            "Look at the largest storages below: what an operation needs apart from its result, "
            "such as an attention that writes its scores down."
        ),
        "workspaces": _(
            "Libraries took more room for themselves; other cards and versions differ."
        ),
    }
    return texts.get(row.kinds[0], "")


def causes_in_message(said: RefusedMemory, report: MemoryReport) -> Iterator[str]:
    """What PyTorch's message says of the failure, beside the simulated step."""
    yield _("A request of %s failed.") % size(said.refused)
    if said.others:
        yield _(
            "Other processes have %s of the card. End them (nvidia-smi lists them), and so much "
            "more is free."
        ) % size(said.others)
    if said.unused is not None and said.unused >= said.refused:
        yield _too_scattered(said.unused)
    if said.allocated is not None:
        yield _against_the_step(said.allocated + said.refused, report)
    if said.card is not None and report.needs.total > said.card:
        yield _("The scenario's own step needs %(needs)s, more than the %(card)s of this card.") % {
            "needs": size(report.needs.total),
            "card": size(said.card),
        }


def _against_the_step(wanted: int, report: MemoryReport) -> str:
    words = {"wanted": size(wanted), "peak": size(report.peak_allocated)}
    if wanted > report.peak_allocated * (1 + NEARLY_ALIKE):
        return (
            _(
                "The run wanted %(wanted)s in tensors, more than the %(peak)s of the simulated "
                "step: it is not the scenario that runs. Look at its batch, its longest sequence, "
                "number formats and gradient checkpointing; a snapshot shows which kind it is."
            )
            % words
        )
    return (
        _(
            "The run wanted %(wanted)s in tensors when it failed; the simulated step has %(peak)s "
            "at its peak."
        )
        % words
    )


def _too_scattered(unused: int) -> str:
    return _(
        "PyTorch had taken %s from the card that no tensor used: free memory in pieces. Set "
        "PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True."
    ) % size(unused)
