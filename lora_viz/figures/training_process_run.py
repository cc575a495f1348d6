"""A run's snapshots as one moving picture: W, ΔW, B and A, singular values and losses.

The motion is Plotly's own: the browser has every moment, so that playing asks nobody anything.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import GRID, NEUTRAL, Meaning, colour, translucent
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.figures.kit.heat_maps import Box, Named, add_heat_map, heat_map_drawing
from lora_viz.figures.kit.literal import as_plotly
from lora_viz.figures.kit.player import add_player
from lora_viz.format import grouped
from lora_viz.forward.samples import TensorSample
from lora_viz.i18n import _
from lora_viz.training.perplexity import loss_words, perplexity_words
from lora_viz.training.runs.story import Moment, Story

# pixels from the top
WORDS_TOP, SCALE_BOTTOM = 4, 296
CHART_TITLES, CHARTS_TOP, CHARTS_BOTTOM, HEIGHT = 304, 340, 428, 550
LEFT, RIGHT, WIDTH = 0.0, 0.52, 0.48
BOXES = {
    "W": Box(LEFT, 92, WIDTH, 78),
    "ΔW": Box(RIGHT, 92, WIDTH, 78),
    "B": Box(LEFT, 208, WIDTH, 36),
    "A": Box(RIGHT, 208, WIDTH, 36),
}
MEANINGS: dict[str, Meaning] = {"ΔW": "update", "B": "B", "A": "A"}
SPECTRUM, LOSSES = (LEFT + 0.01, LEFT + WIDTH), (RIGHT, RIGHT + WIDTH - 0.01)
BEYOND_RANK = 4  # so many places after r are drawn, to see that they stay empty
MOST_VALUES = 48
LARGEST_LOSS = 1e100


def story_figure(story: Story) -> go.Figure:
    """One layer over a run's snapshots, with its own slider and play button.

    The colours of a matrix and every axis are the same at each step. It opens at the last one,
    where all is there to be seen; play begins with the first.
    """
    drawing = heat_map_drawing(HEIGHT, SCALE_BOTTOM)
    opened = story.moments[-1]
    limits = _limits(story)
    moving = {"words": _add(drawing, _words(story, opened))}
    if story.weight is not None:
        name = "❄ W" if story.weight_stays else _("W before training")
        add_heat_map(
            drawing, Named(name, "frozen", story.weight), BOXES["W"], scale=story.weight.largest
        )
    for name, sample in _matrices(opened).items():
        moving[name] = len(drawing.traces)
        sign = "" if name == "ΔW" else "🔥 "
        named = Named(f"{sign}{name}", MEANINGS[name], sample)
        add_heat_map(drawing, named, BOXES[name], scale=limits[name])
    moving["values"] = _add(drawing, _values(story, opened))
    _add_losses(drawing, story)
    moving["now"] = _add(drawing, _now(story, opened))
    _lay_out_charts(drawing, story)
    for moment in story.moments:
        drawing.add_frame(str(moment.step), _changes(story, moment, moving))
    add_player(drawing, [moment.step for moment in story.moments], colour("update"))
    return drawing.figure()


def _matrices(moment: Moment) -> dict[str, TensorSample]:
    found = {"ΔW": moment.delta, "B": moment.b, "A": moment.a}
    return {name: sample for name, sample in found.items() if sample is not None}


def _limits(story: Story) -> dict[str, float]:
    """For each matrix the largest value that it ever has; 1 for one that stays zero."""
    names = _matrices(story.moments[0])
    return {
        name: max(_matrices(moment)[name].largest for moment in story.moments) or 1.0
        for name in names
    }


def _add(drawing: Drawing, trace: dict[str, Any]) -> int:
    drawing.traces.append(trace)
    return len(drawing.traces) - 1


def _changes(story: Story, moment: Moment, moving: dict[str, int]) -> dict[int, dict[str, Any]]:
    """By the index of a trace, what is different at this moment."""
    changes: dict[int, dict[str, Any]] = {
        moving["words"]: {"text": _words(story, moment)["text"]},
        moving["now"]: {"x": [moment.step, moment.step]},
        moving["values"]: {"y": _values(story, moment)["y"]},
    }
    for name, sample in _matrices(moment).items():
        changes[moving[name]] = {"z": sample.values}
    return changes


def _words(story: Story, moment: Moment) -> dict[str, Any]:
    """What is known at this moment, in three lines."""
    losses = [_("<b>Step %s</b>") % grouped(moment.step)]
    if moment.batch_loss is not None:
        losses.append(_("batch loss %s") % loss_words(moment.batch_loss))
    evaluated = ""
    if moment.held_out:
        evaluated = _("held-out loss %(loss)s · perplexity %(perplexity)s") % {
            "loss": loss_words(moment.held_out.loss),
            "perplexity": perplexity_words(moment.held_out.loss, 2),
        }
        if moment.held_out.step != moment.step:
            evaluated += " " + _("(step %s)") % grouped(moment.held_out.step)
    sign = "❄" if story.weight_stays else "🔥"
    frozen = f"{sign} " + _("W’s SHA-256: %s…") % as_plotly(moment.base_sha256[:12])
    return {
        "type": "scatter",
        "x": [0],
        "y": [WORDS_TOP],
        "mode": "text",
        "text": ["<br>".join((" · ".join(losses), evaluated, frozen))],
        "textposition": "bottom right",
        "textfont": {"size": 13},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def _shown_values(story: Story) -> int:
    possible = min(story.shape)
    wanted = MOST_VALUES if story.rank is None else story.rank + BEYOND_RANK
    return min(possible, wanted)


def _values(story: Story, moment: Moment) -> dict[str, Any]:
    """Singular values as bars; beyond those that were worked out there are none."""
    shown = _shown_values(story)
    values = [*moment.singular_values[:shown]]
    values += [0.0] * (shown - len(values))
    return {
        "type": "bar",
        "x": [*range(1, shown + 1)],
        "y": values,
        "xaxis": "x2",
        "yaxis": "y2",
        "marker": {"color": colour("update")},
        "hovertemplate": "σ<sub>%{x}</sub> = %{y:.4g}<extra></extra>",
    }


def _add_losses(drawing: Drawing, story: Story) -> None:
    drawing.add_scatter(
        x=[step for step, _loss in story.batch_losses],
        y=[loss for _step, loss in story.batch_losses],
        xaxis="x3",
        yaxis="y3",
        mode="lines",
        line={"color": translucent("logits", 0.55), "width": 1},
        hovertemplate=_("batch loss at step %{x}: %{y:.4f}") + "<extra></extra>",
    )
    drawing.add_scatter(
        x=[one.step for one in story.held_out],
        y=[one.loss for one in story.held_out],
        xaxis="x3",
        yaxis="y3",
        mode="lines+markers",
        line={"color": colour("logits"), "width": 2.5},
        marker={"size": 5},
        customdata=[perplexity_words(one.loss, 2) for one in story.held_out],
        hovertemplate=_("held-out loss at step %{x}: %{y:.4f}<br>perplexity %{customdata}")
        + "<extra></extra>",
    )


def _loss_range(story: Story) -> tuple[float, float]:
    losses = [loss for _step, loss in story.batch_losses] + [one.loss for one in story.held_out]
    losses = [loss for loss in losses if abs(loss) < LARGEST_LOSS]  # neither NaN nor infinite
    low, high = min(losses, default=0.0), max(losses, default=1.0)
    margin = 0.06 * (high - low or 1.0)
    return low - margin, high + margin


def _now(story: Story, moment: Moment) -> dict[str, Any]:
    """The upright line at this step."""
    return {
        "type": "scatter",
        "x": [moment.step, moment.step],
        "y": [*_loss_range(story)],
        "xaxis": "x3",
        "yaxis": "y3",
        "mode": "lines",
        "line": {"color": NEUTRAL, "width": 2},
        "hoverinfo": "skip",
    }


def _lay_out_charts(drawing: Drawing, story: Story) -> None:
    domain = [1 - CHARTS_BOTTOM / HEIGHT, 1 - CHARTS_TOP / HEIGHT]
    shared = {
        "fixedrange": True,
        "zeroline": False,
        "tickfont": {"family": NUMBER_FONT, "size": 11},
        "nticks": 5,
    }
    upright = shared | {
        "domain": domain,
        "gridcolor": GRID,
        "ticklabelposition": "inside top",
        "nticks": 4,
    }
    highest = max(moment.singular_values[0] for moment in story.moments) or 1.0
    last = max([step for step, _loss in story.batch_losses] + [story.moments[-1].step, 1])
    shown = _shown_values(story)
    drawing.update_layout(
        bargap=0.25,
        xaxis2={
            **shared,
            "domain": [*SPECTRUM],
            "anchor": "y2",
            "range": [0.4, shown + 0.6],
            "title": _axis_title(_("number, by size")),
        },
        yaxis2={**upright, "anchor": "x2", "range": [0, 1.12 * highest]},
        xaxis3={
            **shared,
            "domain": [*LOSSES],
            "anchor": "y3",
            "range": [-0.1 * last, last],
            "showgrid": False,
            "title": _axis_title(_("optimizer steps")),
        },
        yaxis3={**upright, "anchor": "x3", "range": [*_loss_range(story)]},
    )
    for left, words in (
        (SPECTRUM[0], _("<b>Singular values</b> of ΔW")),
        (LOSSES[0], _loss_title()),
    ):
        drawing.add_annotation(
            x=left,
            y=CHART_TITLES,
            xanchor="left",
            yanchor="top",
            align="left",
            text=words,
            showarrow=False,
            font={"size": 12},
        )
    if story.rank is not None:
        _add_rank(drawing, story.rank)


def _axis_title(words: str) -> dict[str, Any]:
    return {"text": words, "font": {"size": 11}, "standoff": 4}


def _loss_title() -> str:
    """What is drawn, with its unit, and which line is which."""
    title = _("<b>Loss</b>, nats per token")
    shade = colour("logits")
    held_out = f"<span style='color:{shade}'><b>━•━</b></span> {_('held-out')}"
    batch = f"<span style='color:{shade}'>─</span> {_('batch')}"
    return f"{title}<br>{held_out}  {batch}"


def _add_rank(drawing: Drawing, rank: int) -> None:
    """The line after the r-th singular value."""
    drawing.add_shape(
        type="line",
        xref="x2",
        yref="y2 domain",
        x0=rank + 0.5,
        x1=rank + 0.5,
        y0=0,
        y1=1,
        line={"width": 2, "dash": "dash", "color": NEUTRAL},
    )
    drawing.add_annotation(
        xref="x2",
        yref="y2 domain",
        x=rank + 0.5,
        y=1,
        xanchor="right",
        yanchor="top",
        xshift=-4,
        text=f"<b>r = {grouped(rank)}</b>",
        showarrow=False,
        font={"size": 12},
    )
