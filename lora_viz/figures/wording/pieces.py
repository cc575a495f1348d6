"""The kinds of memory in words and colours, and a simulated step as pieces and table rows."""

from __future__ import annotations

from collections.abc import Mapping

from lora_viz.choices.methods import METHODS
from lora_viz.figures.kit.colours import Meaning
from lora_viz.figures.memory_bars import Piece
from lora_viz.figures.wording.names import method_name
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.timeline import PHASES

# from the bottom of a bar: what stays between steps, then what comes and goes
KINDS: dict[str, Meaning] = {
    "weights": "frozen",
    "quantization": "quantization",
    "adapter": "B",
    "modules_to_save": "module_to_save",
    "optimizer": "optimizer",
    "workspaces": "workspaces",
    "exchange": "exchange",
    "gradients": "gradient",
    "activations": "activations",
    "logits": "logits",
    "temporaries": "temporaries",
}


def meaning_of(kind: str, method: str) -> Meaning:
    """The colour of a kind; weights that are trained have another than frozen ones."""
    is_trained = kind == "weights" and not METHODS[method].trains_adapter
    return "update" if is_trained else KINDS[kind]


def words_for(kind: str, method: str) -> str:
    """What a kind is called."""
    names = {
        "weights": _("Frozen weights") if METHODS[method].trains_adapter else _("Trained weights"),
        "quantization": _("Quantization constants"),
        "adapter": _("Adapter (A and B)"),
        "modules_to_save": _("Modules trained in full"),
        "optimizer": _("Optimizer state"),
        "workspaces": _("Workspaces"),
        "exchange": _("Gathered from and sent to other cards"),
        "gradients": _("Gradients"),
        "activations": _("Activations"),
        "logits": _("Logits and loss"),
        "temporaries": _("Temporaries"),
    }
    return names[kind]


def phase_names() -> dict[str, str]:
    """What the phases of a step are called."""
    return {
        "forward": _("forward"),
        "backward": _("backward"),
        "optimizer": _("optimizer"),
    }


def bar_pieces(report: MemoryReport, method: str) -> list[Piece]:
    """What a step needs from the bottom up, without the kinds that are empty.

    What the allocator reserves beyond the peak is on top: a step of which only that is above a
    card's line is tight there.
    """
    needs = report.needs
    pieces = [
        *_pieces(report.breakdown, method),
        Piece("context", "context", _("CUDA context (assumed)"), needs.context),
        Piece("reserved", "reserved", _("Reserved beyond the peak"), needs.reserved_beyond),
    ]
    return [piece for piece in pieces if piece.bytes]


def curve_pieces(report: MemoryReport, method: str) -> list[tuple[str, list[Piece]]]:
    """The moments of the step's three phases, each with the kinds that are ever there."""
    moments = [point for point in report.curve if point.phase in PHASES]
    there = {kind for point in moments for kind, count in point.bytes_by_kind.items() if count}
    return [
        (
            point.phase,
            [p for p in _pieces(point.bytes_by_kind, method) if p.kind in there],
        )
        for point in moments
    ]


def rows(reports: Mapping[str, MemoryReport]) -> list[dict[str, str]]:
    """Exact bytes: one row a kind, a phase, a border of what is reserved, and a library."""
    names = phase_names()
    lines = {words_for(kind, "lora"): {} for kind in KINDS} | {
        _("Peak allocated"): {},
        **{_("Peak in phase: %s") % names[phase]: {} for phase in PHASES},
        _("Reserved, at least"): {},
        _("Reserved, at most"): {},
        _("Reserved beyond the peak"): {},
        _("CUDA context (assumed)"): {},
        _("Needed of the card"): {},
        _("Paged optimizer state, outside of it"): {},
    }
    for method, report in reports.items():
        numbers = [
            *(report.breakdown.get(kind, 0) for kind in KINDS),
            report.peak_allocated,
            *(report.phases[phase] for phase in PHASES),
            report.reserved_low,
            report.reserved_high,
            report.needs.reserved_beyond,
            report.needs.context,
            report.needs.total,
            report.paged,
        ]
        for line, number in zip(lines.values(), numbers, strict=True):
            line[f"{method_name(method)} (B)"] = grouped(number)
    for method, report in reports.items():
        for library, version in report.software.items():
            lines.setdefault(library, {})[f"{method_name(method)} (B)"] = version
    return [
        {_("At the peak, unless it says otherwise"): name, **line} for name, line in lines.items()
    ]


def _pieces(bytes_by_kind: Mapping[str, int], method: str) -> list[Piece]:
    return [
        Piece(kind, meaning_of(kind, method), words_for(kind, method), bytes_by_kind.get(kind, 0))
        for kind in KINDS
    ]
