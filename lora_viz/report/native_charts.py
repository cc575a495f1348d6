"""PowerPoint's own charts with a report's numbers, which a reader can look up and change there."""

from __future__ import annotations

import re
from typing import Any

from pptx.chart.data import CategoryChartData, XyChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LEGEND_POSITION,
    XL_MARKER_STYLE,
    XL_TICK_LABEL_POSITION,
)
from pptx.enum.dml import MSO_PATTERN_TYPE
from pptx.util import Pt

from lora_viz.figures.kit.literal import visible
from lora_viz.report.facts import Chart, ChartKind, Series

KINDS: dict[ChartKind, Any] = {
    "columns": XL_CHART_TYPE.COLUMN_STACKED,
    "bars": XL_CHART_TYPE.BAR_STACKED,
    "areas": XL_CHART_TYPE.AREA_STACKED,
    "lines": XL_CHART_TYPE.XY_SCATTER_LINES,
}
# a comma behind the digits divides by a thousand
BYTES = ((1e9, '#,##0.0,,," GB"'), (1e6, '#,##0.0,," MB"'), (1e3, '#,##0.0," KB"'), (0, '0" B"'))
PLAIN = {"parameters": "#,##0", "loss": "0.00"}
MOST_MARKED = 60  # points of a line, beyond which none is marked
# what the table behind a chart would compute or make a link of
COMPUTED = re.compile(r"[=+\-@{]|(?:https?|ftp|file|mailto|internal|external):", re.IGNORECASE)
APART = "\N{ZERO WIDTH SPACE}"
INK = Pt(12)


def add_chart(shapes: Any, chart: Chart, place: tuple[Any, Any, Any, Any]) -> None:
    """Add a chart to a slide's shapes.

    Args:
        place: left, top, width and height.
    """
    data = _lines(chart) if chart.kind == "lines" else _categories(chart)
    drawn = shapes.add_chart(KINDS[chart.kind], *place, data).chart
    drawn.font.size = INK
    drawn.has_title = False
    drawn.has_legend = len(chart.series) > 1
    if drawn.has_legend:
        drawn.legend.position = XL_LEGEND_POSITION.BOTTOM
        drawn.legend.include_in_layout = False
    _style_axes(drawn, chart)
    for one, series in zip(drawn.plots[0].series, chart.series, strict=True):
        _colour(one, series, chart.kind)


def named(words: str) -> str:
    """Words as a table's cell that computes nothing."""
    words = visible(words)
    return APART + words if COMPUTED.match(words) else words


def number_format(chart: Chart) -> str:
    """How an axis writes the chart's numbers."""
    if chart.unit != "bytes":
        return PLAIN[chart.unit]
    largest = max((value or 0 for one in chart.series for value in one.values), default=0)
    return next(form for least, form in BYTES if largest >= least)


def _categories(chart: Chart) -> CategoryChartData:
    data = CategoryChartData(number_format=number_format(chart))
    data.categories = [named(one) for one in chart.categories]
    for series in chart.series:
        data.add_series(named(series.name), series.values)
    return data


def _lines(chart: Chart) -> XyChartData:
    data = XyChartData(number_format=number_format(chart))
    for series in chart.series:
        line = data.add_series(named(series.name))
        for x, y in zip(series.x, series.values, strict=True):
            if y is not None:
                line.add_data_point(x, y)
    return data


def _style_axes(drawn: Any, chart: Chart) -> None:
    values, others = drawn.value_axis, drawn.category_axis
    values.tick_labels.number_format = number_format(chart)
    values.tick_labels.number_format_is_linked = False
    values.major_gridlines.format.line.color.rgb = RGBColor(0xD8, 0xDF, 0xE6)
    values.format.line.fill.background()
    for axis, title in ((others, chart.x_title), (values, chart.y_title)):
        axis.has_title = bool(title)
        if title:
            axis.axis_title.text_frame.text = visible(title)
            axis.axis_title.text_frame.paragraphs[0].runs[0].font.size = INK
    if chart.kind == "areas":  # moments, far too many for a name each
        others.tick_label_position = XL_TICK_LABEL_POSITION.NONE
    if chart.kind == "lines":
        others.has_major_gridlines = False
    if chart.kind == "bars":  # the first at the top, as on the page
        others.reverse_order = True
        values.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    if chart.kind in ("bars", "columns"):
        drawn.plots[0].gap_width = 60
        drawn.plots[0].overlap = 100


def _colour(drawn: Any, series: Series, kind: ChartKind) -> None:
    colour = RGBColor.from_string(series.colour.removeprefix("#"))
    if kind == "lines":
        drawn.smooth = False
        drawn.format.line.color.rgb = colour
        drawn.format.line.width = Pt(2.25)
        marker = drawn.marker
        marker.style = (
            XL_MARKER_STYLE.CIRCLE if len(series.values) <= MOST_MARKED else XL_MARKER_STYLE.NONE
        )
        marker.format.fill.solid()
        marker.format.fill.fore_color.rgb = colour
        marker.format.line.color.rgb = colour
        return
    fill = drawn.format.fill
    if series.is_hatched:
        fill.patterned()
        fill.pattern = MSO_PATTERN_TYPE.WIDE_UPWARD_DIAGONAL
        fill.fore_color.rgb = colour
        fill.back_color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
    else:
        fill.solid()
        fill.fore_color.rgb = colour
