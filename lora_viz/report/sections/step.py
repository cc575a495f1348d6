"""One training step: what it needs of the card by each method, and what it allocates on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lora_viz.choices.methods import METHODS
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.kit.colours import NOT_ALLOCATED, colour
from lora_viz.figures.memory_bars import MEANINGS, Piece, memory_bars
from lora_viz.figures.memory_curve import memory_curve
from lora_viz.figures.wording.names import method_name
from lora_viz.figures.wording.needs import needs_of, parts_of, verdict_words
from lora_viz.figures.wording.pieces import bar_pieces, curve_pieces, phase_names, rows
from lora_viz.format import binary_size, size
from lora_viz.i18n import _
from lora_viz.memory.fit import verdict
from lora_viz.memory.report import CUDA_CONTEXT_BYTES, MemoryReport
from lora_viz.questions.ask_for import step_of
from lora_viz.questions.question import Ask
from lora_viz.report.facts import Chart, Section, Series, Table


def step_sections(scenario: Scenario, ask: Ask) -> tuple[list[Section], list[str]]:
    """The page “Memory” as sections, and why a method has no answer."""
    reports: dict[str, MemoryReport] = {}
    missing: list[str] = []
    for method in METHODS:
        try:
            reports[method] = ask(step_of(scenario.changed(method=method)))
        except UserError as error:
            missing.append(f"{method_name(method)}: {error}")
    if scenario.method not in reports:
        return [], missing
    return [_bars(reports, scenario), _curve(reports[scenario.method], scenario)], missing


def needs_chart(columns: Mapping[str, Sequence[Piece]]) -> Chart:
    """Stacked columns of bytes, a series for each kind."""
    there = {piece.meaning: piece.words for pieces in columns.values() for piece in pieces}
    return Chart(
        "columns",
        tuple(columns),
        tuple(
            Series(
                there[meaning],
                colour(meaning),
                tuple(
                    next((one.bytes for one in pieces if one.meaning == meaning), None)
                    for pieces in columns.values()
                ),
                is_hatched=meaning in NOT_ALLOCATED,
            )
            for meaning in MEANINGS
            if meaning in there
        ),
        "bytes",
    )


def sources_of(report: MemoryReport) -> tuple[str, ...]:
    """What a simulated step rests on."""
    versions = ", ".join(f"{library} {version}" for library, version in report.software.items())
    return (
        _(
            "Simulated: transformers, PEFT and torch run the step themselves over tensors "
            "without data. What they allocate is then replayed by the rules of PyTorch's CUDA "
            "allocator. Versions: %s."
        )
        % versions,
        _("Assumed: the CUDA context with its loaded kernels takes %s; 300 to 600 MiB are usual.")
        % binary_size(CUDA_CONTEXT_BYTES),
    )


def _bars(reports: Mapping[str, MemoryReport], scenario: Scenario) -> Section:
    card, chosen = scenario.card, reports[scenario.method]
    columns = {method_name(one): bar_pieces(report, one) for one, report in reports.items()}
    lines = rows(reports)
    titles = tuple(lines[0])
    return Section(
        name="memory",
        title=_("What a step needs of the card"),
        number=size(chosen.needs.total),
        meaning=" · ".join(
            (
                f"{method_name(scenario.method)}: {needs_of(chosen, card.memory_bytes)}",
                card.name,
                verdict_words()[verdict(chosen, card.memory_bytes)],
                parts_of(chosen),
            )
        ),
        figure=memory_bars(columns, {}, (card.name, card.memory_bytes)),
        chart=needs_chart(columns),
        table=Table(titles, tuple(tuple(line.get(one, "") for one in titles) for line in lines)),
        sources=sources_of(chosen),
    )


def _curve(report: MemoryReport, scenario: Scenario) -> Section:
    moments = curve_pieces(report, scenario.method)
    names = phase_names()
    kinds = moments[0][1]
    return Section(
        name="memory-curve",
        title=_("Allocated during a step of %s") % method_name(scenario.method),
        number=size(report.peak_allocated),
        meaning=_("Peak in phase: %s") % names[report.peak_phase],
        figure=memory_curve(moments, (report.peak_phase, report.peak_allocated), names),
        chart=Chart(
            "areas",
            tuple(names[phase] for phase, _pieces in moments),
            tuple(
                Series(
                    piece.words,
                    colour(piece.meaning),
                    tuple(pieces[index].bytes for _phase, pieces in moments),
                )
                for index, piece in enumerate(kinds)
            ),
            "bytes",
            x_title=_("order of the operations, not time"),
        ),
        table=Table(
            (_("Peak in phase: %s") % "", "B"),
            tuple((names[phase], f"{count:,}") for phase, count in report.phases.items()),
        ),
        sources=sources_of(report),
    )
