"""The second picture of the page "Decomposition": an example ΔW rebuilt at rank r."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.figures.decomposition_rebuild import rebuild_figure
from lora_viz.format import grouped, percent
from lora_viz.i18n import _
from lora_viz.models.architecture import Layer
from lora_viz.questions.ask_for import rebuild_of
from lora_viz.training.update.rebuild import ExampleSize, Rebuild, example_size
from lora_viz.ui.charts.chart import chart
from lora_viz.ui.kit import asking, controls, latex, page
from lora_viz.ui.session.view import View


@dataclass(frozen=True)
class Rebuilding:
    """An example ΔW of one layer's shape, and what B and A of every rank miss of it."""

    layer: Layer
    scenario: Scenario
    view: View
    size: ExampleSize
    rebuild: Rebuild

    def sentence(self) -> str:
        """What to see."""
        return _(
            "How much of a ΔW can B and A of rank r hold? An example is rebuilt at every rank, "
            "next to the best that any B and A could do."
        )

    def key_number(self) -> None:
        """The error at the current rank, and the least possible."""
        meaning = _("relative error of B·A at r = %(rank)s (Frobenius norm); at best %(best)s") % {
            "rank": grouped(self.scenario.rank),
            "best": percent(self._best),
        }
        page.key_number(percent(self._fitted), meaning)

    def picture(self) -> None:
        """What the example is, and the errors over its singular values."""
        st.caption(self._what_it_is())
        chart(
            rebuild_figure(self.rebuild, self.scenario.rank),
            "example-update",
            _("What is lost of ΔW at each rank"),
        )

    def cards(self) -> None:
        """The example's own controls, and what its true rank means."""
        left, right = st.columns(2)
        with left:
            controls.slider("true_rank")
            controls.slider("sweeps")
        with right:
            controls.slider("noise")
            controls.number("seed")
        with st.container(border=True):
            st.markdown(self._at_the_true_rank())
            if self.view.sweeps == 0:
                st.caption(_("With no sweeps A stays random and only B is fitted to it."))

    def formula(self) -> None:
        """The least error by singular values, and the two steps of a sweep."""
        rebuild_formula(self.rebuild, self.scenario.rank, self.view.sweeps)

    def table(self) -> None:
        """Errors and singular values at powers of two, the true rank and the current one."""
        rebuild_table(self.rebuild, self.scenario.rank)

    def why(self) -> None:
        """What a presenter can say, with this example's numbers."""
        true_rank = self._true_rank
        points = (
            _(
                "Up to the true rank %(true)s, each extra column of B and row of A holds a "
                "large part of ΔW: the best error falls from %(one)s at r = 1 to %(at_true)s."
            ),
            _(
                "After it there is only noise, which has no low rank: the best at twice the rank, "
                "r = %(twice)s, still misses %(at_twice)s."
            ),
            _(
                "A real ΔW does not show its true rank in advance. That is why the rank is a "
                "setting that you try."
            ),
            _(
                "This is what rank r can hold, not what training finds: LoRA never sees ΔW and "
                "moves B and A by gradients of the loss."
            ),
        )
        values = {
            "true": true_rank,
            "one": percent(self.rebuild.best_error(1)),
            "at_true": percent(self.rebuild.best_error(true_rank)),
            "twice": 2 * true_rank,
            "at_twice": percent(self.rebuild.best_error(2 * true_rank)),
        }
        st.markdown("\n".join(f"- {point % values}" for point in points))

    @property
    def _best(self) -> float:
        return self.rebuild.best_error(self.scenario.rank)

    @property
    def _fitted(self) -> float:
        return self.rebuild.fitted_error(self.scenario.rank)

    @property
    def _true_rank(self) -> int:
        return min(self.view.true_rank, self.rebuild.highest_rank)

    def _what_it_is(self) -> str:
        words = _(
            "A synthetic example, not from a trained model: random numbers of rank %(true)s plus "
            "noise, %(out)s × %(in)s."
        ) % {
            "true": self._true_rank,
            "out": grouped(self.size.out_features),
            "in": grouped(self.size.in_features),
        }
        if self.size.reduction == 1:
            return words
        return f"{words} " + _(
            "The layer's ΔW is %(out)s × %(in)s; the example has the same shape with each side "
            "%(times)s times smaller. The ranks are not scaled."
        ) % {
            "out": grouped(self.layer.out_features),
            "in": grouped(self.layer.in_features),
            "times": f"{self.size.reduction:,.3g}",
        }

    def _at_the_true_rank(self) -> str:
        if self.scenario.rank >= self.rebuild.highest_rank:
            return _(
                "At r = %s and above B and A can hold all of ΔW: that is its smaller side."
            ) % (grouped(self.rebuild.highest_rank))
        if self.view.noise == 0:
            return _("At the true rank %s the best B and A hold all of it: there is no noise.") % (
                self._true_rank
            )
        return _(
            "At the true rank %(true)s the best B and A miss %(error)s: what is left is noise."
        ) % {
            "true": self._true_rank,
            "error": percent(self.rebuild.best_error(self._true_rank)),
        }


def ask_rebuild(layer: Layer, scenario: Scenario, view: View) -> Rebuilding:
    """Rebuild the example of this layer's shape in a worker, or take the known answer."""
    size = example_size(layer.in_features, layer.out_features)
    rebuild = asking.answer(
        _("Rebuilding an example ΔW at every rank …"),
        rebuild_of(size, view.true_rank, view.noise, view.seed, view.sweeps),
    )
    return Rebuilding(layer, scenario, view, size, rebuild)


def rebuild_formula(rebuild: Rebuild, rank: int, sweeps: int) -> None:
    """The least error by singular values, and the two steps of a sweep."""
    update, b, a = latex.UPDATE, latex.B, latex.A
    shown = min(rank, rebuild.highest_rank)
    missed = rf"\frac{{\lVert {update} - {b}{a} \rVert_F}}{{\lVert {update} \rVert_F}}"
    left_over = rf"\sqrt{{\frac{{\sum_{{i > {shown}}} \sigma_i^2}}{{\sum_i \sigma_i^2}}}}"
    best = latex.percentage(rebuild.best_error(rank))
    latex.lines(
        rf"\min_{{{b},\,{a}}} {missed} = {left_over} = {best}",
        rf"{b} \leftarrow {update}\,{a}^\top ({a}{a}^\top)^{{-1}}",
        rf"{a} \leftarrow ({b}^\top {b})^{{-1}} {b}^\top {update}",
    )
    st.caption(
        _(
            "A starts as random numbers, as in LoRA. B is the best for that A (least squares). "
            "Then each sweep fits A to B, and B to A again. Sweeps done: %s."
        )
        % sweeps
    )


def rebuild_table(rebuild: Rebuild, rank: int) -> None:
    """Errors and singular values at powers of two, a known true rank and the current one."""
    highest = rebuild.highest_rank
    marked = {rebuild.true_rank or 1, min(rank, highest)}
    ranks = sorted(marked | {2**power for power in range(highest.bit_length())})
    rows = [
        {
            _("Rank r"): row,
            _("Singular value σ_r"): float(rebuild.singular_values[row - 1]),
            _("Best possible error, %"): rebuild.best_error(row) * 100,
            _("Error of B·A as fitted, %"): rebuild.fitted_error(row) * 100,
        }
        for row in ranks
    ]
    page.table(rows, "example-update")
