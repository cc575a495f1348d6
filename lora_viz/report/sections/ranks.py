"""What each rank costs, up to the one where A and B are as large as the weights they adapt."""

from __future__ import annotations

from lora_viz.choices.scenario import Scenario
from lora_viz.costs.ranks import rank_costs, rank_rows
from lora_viz.explainer import quotes
from lora_viz.figures.kit.colours import colour
from lora_viz.figures.rank_cost import rank_cost
from lora_viz.figures.wording.counted import cost_parts
from lora_viz.format import grouped, percent, size
from lora_viz.i18n import _
from lora_viz.questions.ask_for import adapter_of, architecture_of
from lora_viz.questions.question import Ask
from lora_viz.report.facts import Chart, Section, Series, Table


def ranks(scenario: Scenario, ask: Ask) -> Section:
    """The page “Rank” as a section. Raises `UserError`."""
    layout = ask(adapter_of(scenario))
    costs = rank_costs(ask(architecture_of(scenario)), layout)
    compared = sorted({scenario.rank, *(told.rank for told in quotes.RANKS)})
    rows = rank_rows(costs, layout, compared, *scenario.file_dtypes)
    trained = costs.in_model.at(scenario.rank)
    words = _("trained parameters at r = %(rank)s, %(share)s of the model")
    return Section(
        name="rank",
        title=_("Rank"),
        number=grouped(trained),
        meaning=words
        % {
            "rank": grouped(scenario.rank),
            "share": percent(trained / costs.total_parameters, 3),
        },
        figure=rank_cost(
            cost_parts(costs.in_model),
            costs.adapted_weights,
            scenario.rank,
            compared,
            up_to_break_even=True,
        ),
        chart=Chart(
            "lines",
            (),
            (
                Series(
                    _("Whole model"),
                    colour("update"),
                    tuple(row.in_model for row in rows),
                    tuple(float(row.rank) for row in rows),
                ),
            ),
            "parameters",
            x_title="r",
        ),
        table=Table(
            ("r", _("Per block"), _("Whole model"), _("Percent of the model"), _("Adapter file")),
            tuple(
                (
                    grouped(row.rank),
                    grouped(row.in_block),
                    grouped(row.in_model),
                    percent(row.share, 3),
                    size(row.file_bytes),
                )
                for row in rows
            ),
        ),
        sources=(_("Counts and file sizes: PEFT's own adapter for your model, at every rank."),),
    )
