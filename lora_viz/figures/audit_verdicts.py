"""How many of the explainer's figures got which verdict, as one bar true to scale."""

from __future__ import annotations

import plotly.graph_objects as go

from lora_viz.explainer.audit.findings import VERDICTS, Finding, Verdict
from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import DARK_INK

# From agreement (blue) over named conditions to disagreement (dark red); grey: nothing to compute.
VERDICT_COLOURS: dict[Verdict, str] = {
    "exact": "#2B6CA3",
    "rounded": "#6FA3CC",
    "convention": "#B9CFE0",
    "partial": "#E9B872",
    "contradicted": "#B3391F",
    "assumed": "#9A9A9A",
    "qualitative": "#C9C9C9",
}
DARK_TEXT = {"convention", "partial", "qualitative"}


def verdict_bar(findings: list[Finding], names: dict[Verdict, str]) -> go.Figure:
    """One horizontal bar; each piece is as long as its number of figures."""
    drawing = Drawing(156)
    for verdict in VERDICTS:
        count = sum(finding.verdict == verdict for finding in findings)
        drawing.add_bar(
            x=[count],
            y=[""],
            orientation="h",
            name=f"{names[verdict]} ({count})",
            marker={"color": VERDICT_COLOURS[verdict], "line": {"width": 1, "color": "white"}},
            text=str(count) if count else "",
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": DARK_INK if verdict in DARK_TEXT else "white"},
            hovertemplate=f"{names[verdict]}: {count}<extra></extra>",
        )
    drawing.update_layout(
        barmode="stack",
        showlegend=True,
        uniformtext={"minsize": 11, "mode": "hide"},
        legend={
            "orientation": "h",
            "y": -0.1,
            "yanchor": "top",
            "traceorder": "normal",
            "maxheight": 0.6,  # of the picture: on a phone the names take four rows
        },
        margin={"l": 8, "r": 8, "t": 8, "b": 70},
    )
    drawing.update_xaxes(visible=False, fixedrange=True, range=[0, len(findings)])
    drawing.update_yaxes(visible=False, fixedrange=True)
    return drawing.figure()
