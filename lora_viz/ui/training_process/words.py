"""What the page "Training process" says in cards, in a formula and in its table."""

from __future__ import annotations

import streamlit as st

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.explainer.epochs import TOLD_EPOCHS, ToldEpoch
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.ui.kit import latex, page


def key_number(epoch: ToldEpoch) -> None:
    """exp(loss) of the chosen epoch, and the perplexity that the explainer gives."""
    page.key_number(
        f"{epoch.computed_perplexity:.2f}",
        _(
            "= exp(%(loss)s), the perplexity of epoch %(epoch)s’s loss. The explainer says "
            "%(stated)s"
        )
        % {
            "loss": f"{epoch.loss:.2f}",
            "epoch": epoch.epoch,
            "stated": f"{epoch.stated_perplexity:.2f}",
        }
        + (_(": they agree.") if epoch.agrees else "."),
    )


def why_they_differ(epoch: ToldEpoch) -> None:
    """Why a stated pair can or cannot be one measurement."""
    with st.container(border=True):
        st.markdown(f"**{_('Loss and perplexity')}**")
        values = {
            "stated": f"{epoch.stated_perplexity:.2f}",
            "implied": f"{epoch.implied_loss:.3f}",
            "loss": f"{epoch.loss:.2f}",
        }
        if epoch.agrees:
            st.markdown(
                _(
                    "Perplexity is exp(loss), and this pair agrees: ln %(stated)s is "
                    "%(implied)s, the stated loss is %(loss)s."
                )
                % values
            )
            return
        st.markdown(
            _(
                "Perplexity is exp(loss), so %(stated)s belongs to a loss of %(implied)s, not "
                "of %(loss)s: the two cannot come from one measurement. That is what you would "
                "see if a training loss averaged over the epoch were paired with an evaluation "
                "after it."
            )
            % values
        )


def trained_and_frozen(layout: AdapterLayout, scenario: Scenario) -> None:
    """How many values learn and how many do not, and when B is zero."""
    trained = layout.trainable_by_role(scenario.rank)
    in_base = sum(values for role, values in trained.items() if role in ("bias", "weight"))
    values = {
        "frozen": grouped(layout.total_parameters - in_base),
        "a": grouped(trained.get("A", 0)),
        "b": grouped(trained.get("B", 0)),
        "rank": grouped(scenario.rank),
    }
    with st.container(border=True):
        st.markdown(
            _(
                "W ❄ is always frozen: %(frozen)s values of your model stay. Only B and A 🔥 "
                "learn: %(b)s and %(a)s values at r = %(rank)s."
            )
            % values
        )
        st.caption(
            _(
                "B is zero only before the first optimizer step, not for a whole epoch: that "
                "first step already changes B."
            )
        )
        if not scenario.trains_adapter:
            st.caption(
                _("Your method is full fine-tuning, which trains W itself; this story shows LoRA.")
            )


def formula(epoch: ToldEpoch) -> None:
    """Perplexity from the loss with the epoch's numbers, and why B moves first."""
    a, b = latex.coloured("A", "A"), latex.coloured("B", "B")
    gradient = latex.coloured("gradient", r"\partial L / \partial h")
    relation = r"\approx" if epoch.agrees else r"\neq"
    lines = (
        r"\text{perplexity} = \exp\Bigl(-\tfrac{1}{N} \sum_{t=1}^{N} \ln p(x_t \mid x_{<t})"
        r"\Bigr) = \exp(\text{loss})",
        rf"\exp({epoch.loss:.2f}) = {epoch.computed_perplexity:.2f}",
        rf"\ln({epoch.stated_perplexity:.2f}) = {epoch.implied_loss:.3f} "
        rf"{relation} {epoch.loss:.2f}",
        rf"\frac{{\partial L}}{{\partial {b}}} = \tfrac{{\alpha}}{{r}} \, ({gradient}) \, "
        rf"({a} x)^\top",
        rf"\frac{{\partial L}}{{\partial {a}}} = \tfrac{{\alpha}}{{r}} \, "
        rf"{b}^\top ({gradient}) \, x^\top",
    )
    latex.lines(*lines)
    st.caption(
        _(
            "At the start B = 0, so A's gradient is zero and B's is not. The first step moves B "
            "alone; from the second on, both move."
        )
    )


def table() -> None:
    """One row for each of the explainer's epochs."""
    rows = [
        {
            _("Epoch"): told.epoch,
            _("The explainer says"): _(told.title),
            "W": _(told.states["W"].words),
            "B": _(told.states["B"].words),
            "A": _(told.states["A"].words),
            _("Stated loss, nats per token"): told.loss,
            _("Stated perplexity"): told.stated_perplexity,
            "exp(loss)": round(told.computed_perplexity, 3),
            "ln(perplexity)": round(told.implied_loss, 3),
            _("Agree"): told.agrees,
        }
        for told in TOLD_EPOCHS
    ]
    page.table(rows, "document-epochs")
    st.caption(_("Words, losses and perplexities are quoted from §7; the rest is computed."))


def why() -> None:
    """What to say about it in front of an audience."""
    first, last = TOLD_EPOCHS[0], TOLD_EPOCHS[-1]
    values = {
        "first_loss": f"{first.loss:.2f}",
        "first": f"{first.computed_perplexity:.2f}",
        "last_loss": f"{last.loss:.2f}",
        "last": f"{last.computed_perplexity:.2f}",
        "stated": f"{last.stated_perplexity:.2f}",
        "agreeing": sum(told.agrees for told in TOLD_EPOCHS),
        "all": len(TOLD_EPOCHS),
    }
    points = (
        _(
            "Perplexity is how many equally likely tokens the model wavers between: "
            "%(first)s at a loss of %(first_loss)s, %(last)s at %(last_loss)s."
        ),
        _(
            "Of the explainer's %(all)s pairs, %(agreeing)s fits perplexity = exp(loss). Check "
            "which data a loss and a perplexity belong to before you compare them."
        ),
        _(
            "A perplexity of %(stated)s is almost certainty. On a small training set that is "
            "memorisation; only held-out text shows what was learned."
        ),
        _("W never moves, so taking the adapter off gives the base model back, bit for bit."),
    )
    st.markdown("\n".join(f"- {point % values}" for point in points))


def sources() -> None:
    """What is quoted, and from where the rest is known."""
    st.markdown(
        "\n".join(
            f"- {source}"
            for source in (
                _("Quoted from the explainer, §7: epochs, words, shades, losses, perplexities."),
                _(
                    "Perplexity as exp of the mean cross-entropy: "
                    "[transformers](https://huggingface.co/docs/transformers/perplexity)."
                ),
                _(
                    "B starts at zero and A at random: Hu et al., 2021, section 4.1, "
                    "[arXiv:2106.09685](https://arxiv.org/abs/2106.09685)."
                ),
            )
        )
    )
