"""The first picture of the page "Decomposition": ΔW, B and A to scale, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from lora_viz.adapter.layout import AdaptedModule, break_even_rank, lora_parameters, scaling
from lora_viz.choices.scenario import Scenario
from lora_viz.dtypes import BYTES_PER_VALUE
from lora_viz.figures.decomposition_shapes import (
    FIGURE_HEIGHT,
    HEIGHT_ON_PHONE,
    decomposition_figure,
    is_below_a_pixel,
)
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.models.architecture import Layer
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import latex, page
from lora_viz.ui.kit.literal import as_code


@dataclass(frozen=True)
class Shapes:
    """One layer's ΔW, B and A.

    `adapted` is the layer in the scenario's adapter, if it is one of the target modules.
    """

    layer: Layer
    adapted: AdaptedModule | None
    largest: Layer
    scenario: Scenario

    @property
    def update_values(self) -> int:
        """Values in ΔW: in × out."""
        return self.layer.in_features * self.layer.out_features

    @property
    def lora_values(self) -> int:
        """Values in B and A together."""
        return lora_parameters(self.layer.in_features, self.layer.out_features, self.scenario.rank)

    @property
    def share(self) -> float:
        """Values in B and A over values in ΔW."""
        return self.lora_values / self.update_values

    def sentence(self) -> str:
        """What to see."""
        return _(
            "ΔW, the change that training makes to a weight, is written as B times A: two thin "
            "matrices in place of one large one."
        )

    def key_number(self) -> None:
        """The share of ΔW's parameters that LoRA trains."""
        words = (
            _("of ΔW's parameters are trained (%s fewer)")
            if self.share <= 1
            else _("of ΔW's parameters are trained (%s more)")
        )
        page.key_number(percent(self.share), words % percent(abs(1 - self.share)))

    def picture(self) -> None:
        """The three matrices, and whether anything in the picture is not to scale."""
        st.caption(
            _("Drawn to scale: equal areas are equal numbers of parameters.") + self._limit()
        )
        chart(
            self._at_rank(self.scenario.rank),
            "decomposition",
            _("ΔW, B and A to scale"),
            narrow=self._at_rank(self.scenario.rank, HEIGHT_ON_PHONE),
            at_rank=self._at_rank,
        )

    def cards(self) -> None:
        """What the rank saves, up to which rank it does, and what is special about the scenario."""
        with st.container(border=True):
            st.markdown(f"**{_('Reduction')}** · {self._reduction()}")
            st.markdown(f"**{_('Break-even')}** · {self._break_even()}")
            for note in self._notes():
                st.caption(note)

    def formula(self) -> None:
        """The product and both counts with the current numbers put in."""
        now, update, b, a = self.scenario, latex.UPDATE, latex.B, latex.A
        ins, outs, rank = map(
            latex.number, (self.layer.in_features, self.layer.out_features, now.rank)
        )
        root = r"\sqrt{r}" if now.rslora else "r"
        factor = f"{scaling(now.rank, now.alpha, now.rslora):.4g}"
        lora_count, update_count = latex.number(self.lora_values), latex.number(self.update_values)
        even = break_even_rank(self.layer.in_features, self.layer.out_features)
        latex.lines(
            rf"{update} = \frac{{\alpha}}{{{root}}}\,{b}\,{a} = {factor}\,{b}\,{a}",
            rf"{update} \in \mathbb{{R}}^{{{outs} \times {ins}}}",
            rf"{b} \in \mathbb{{R}}^{{{outs} \times {rank}}} \quad "
            rf"{a} \in \mathbb{{R}}^{{{rank} \times {ins}}}",
            rf"r\,(in + out) = {rank} \cdot ({ins} + {outs}) = {lora_count}",
            rf"in \cdot out = {ins} \cdot {outs} = {update_count}",
            rf"\frac{{{lora_count}}}{{{update_count}}} = {latex.percentage(self.share)}",
            rf"r_{{\text{{{_('break-even')}}}}} = \frac{{in \cdot out}}{{in + out}} = {even:.6g}",
        )

    def table(self) -> None:
        """The matrices with their sides, parameters and bytes."""
        ins, outs, rank = self.layer.in_features, self.layer.out_features, self.scenario.rank
        dtype = self.scenario.adapter_dtype
        lines = (
            ("ΔW", f"{outs} × {ins}", self.update_values),
            ("B", f"{outs} × {rank}", outs * rank),
            ("A", f"{rank} × {ins}", rank * ins),
            (_("B and A"), "", self.lora_values),
        )
        columns = _("Parameters"), _("Percent of ΔW"), _("Bytes in %s") % dtype
        rows = [
            {_("Matrix"): name, _("Shape"): shape}
            | dict(
                zip(
                    columns,
                    (count, count / self.update_values * 100, count * BYTES_PER_VALUE[dtype]),
                    strict=True,
                )
            )
            for name, shape, count in lines
        ]
        digits = st.column_config.NumberColumn(format="localized")
        page.table(rows, "decomposition", **dict.fromkeys(columns, digits))

    def why(self) -> None:
        """What a presenter can say, with this layer's numbers."""
        rank, largest = self.scenario.rank, self.largest
        share = lora_parameters(largest.in_features, largest.out_features, rank) / (
            largest.in_features * largest.out_features
        )
        points = (
            _(
                "Full fine-tuning may move each of ΔW's %(update)s values independently. LoRA "
                "allows only changes of the form B × A, and needs %(lora)s values to describe "
                "one."
            ),
            _(
                "LoRA bets that what a task changes has a low rank. The other picture, “Rebuild "
                "a ΔW”, shows what is lost when it does not."
            ),
            _(
                "B and A grow with in + out, ΔW with in × out: the larger the layer, the more LoRA "
                "saves. In %(name)s (%(in)s → %(out)s), this model's largest linear layer, "
                "r = %(rank)s trains %(share)s."
            ),
        )
        values = {
            "update": grouped(self.update_values),
            "lora": grouped(self.lora_values),
            "name": as_code(largest.name),
            "in": grouped(largest.in_features),
            "out": grouped(largest.out_features),
            "rank": grouped(rank),
            "share": percent(share),
        }
        st.markdown("\n".join(f"- {point % values}" for point in points))

    def _at_rank(self, rank: int, height: int = FIGURE_HEIGHT) -> go.Figure:
        value_bytes = BYTES_PER_VALUE[self.scenario.adapter_dtype]
        return decomposition_figure(
            self.layer.in_features, self.layer.out_features, rank, value_bytes, height
        )

    def _limit(self) -> str:
        sizes = self.layer.in_features, self.layer.out_features, self.scenario.rank
        if not is_below_a_pixel(*sizes):
            return ""
        return " " + _("B and A would be thinner than a pixel; they are drawn one pixel thick.")

    def _reduction(self) -> str:
        words = (
            _("%(update)s → %(lora)s: %(times)s times fewer parameters.")
            if self.share <= 1
            else _("%(update)s → %(lora)s: %(times)s times as many parameters.")
        )
        return words % {
            "update": grouped(self.update_values),
            "lora": grouped(self.lora_values),
            "times": f"{max(self.share, 1 / self.share):,.4g}",
        }

    def _break_even(self) -> str:
        rank = break_even_rank(self.layer.in_features, self.layer.out_features)
        shown = f"{rank:,.1f}".removesuffix(".0")
        if self.scenario.rank < rank:
            return (
                _(
                    "At r = %s B and A together are as large as ΔW. Above that, LoRA costs more "
                    "than it saves."
                )
                % shown
            )
        if self.scenario.rank == rank:
            return (
                _("At r = %s B and A together are as large as ΔW: LoRA saves nothing here.") % shown
            )
        return _(
            "r = %(rank)s is above %(even)s, where B and A are as large as ΔW: "
            "here **LoRA costs more than it saves**."
        ) % {"rank": grouped(self.scenario.rank), "even": shown}

    def _notes(self) -> list[str]:
        notes = []
        if not self.scenario.trains_adapter:
            notes.append(
                _(
                    "The method chosen is full fine-tuning, which trains all of W. "
                    "This is what LoRA would train."
                )
            )
        if self.adapted is None:
            notes.append(
                _("Your target modules leave this layer as it is; this is what LoRA would add.")
            )
        elif magnitudes := self.adapted.values_of("magnitude", self.scenario.rank):
            notes.append(
                _("DoRA also trains %s magnitudes here, one for each output; they are not drawn.")
                % grouped(magnitudes)
            )
        return notes
