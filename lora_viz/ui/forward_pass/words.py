"""What the page "Forward pass" says of one pass: numbers, the step's story, formulas, tables."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

import streamlit as st

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.forward_pass_steps import SUMMED
from lora_viz.format import grouped, percent
from lora_viz.forward.samples import (
    LEARNING_RATE,
    TRAINING_ROWS,
    TRUE_RANK,
    ForwardPass,
    Multiplications,
    TensorName,
    computed_rows,
    multiplications,
)
from lora_viz.i18n import _, plural
from lora_viz.models.architecture import Layer
from lora_viz.ui.kit import page
from lora_viz.ui.session.view import View

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def small_number(value: float) -> str:
    """2.31e-07 → "2.3 × 10⁻⁷"; numbers from 0.001 up stay as they are, 0 is "0"."""
    if value == 0 or abs(value) >= 1e-3:
        return f"{value:.3g}"
    exponent = floor(log10(abs(value)))
    return f"{value / 10**exponent:.1f} × 10{str(exponent).translate(SUPERSCRIPTS)}"


def apart(difference: float) -> str:
    """How far two results are apart: "by 0" or "by at most 2.1 × 10⁻⁷"."""
    return _("by at most %s") % small_number(difference) if difference else _("by 0")


@dataclass(frozen=True)
class ForwardWords:
    """One layer's forward pass and the settings that it was asked with."""

    layer: Layer
    layout: AdapterLayout
    scenario: Scenario
    view: View
    passed: ForwardPass

    @property
    def rows(self) -> int:
        """The rows of the batch that were computed."""
        return computed_rows(
            self.layer.in_features, self.layer.out_features, self.scenario.batch_size
        )

    @property
    def multiplied(self) -> Multiplications:
        """The multiplications of the computed rows."""
        return multiplications(
            self.rows,
            self.layer.in_features,
            self.layer.out_features,
            self.scenario.rank,
            self.scenario.dora,
        )

    def key_number(self) -> None:
        """The largest difference to PEFT's own layer, or between both forms of the layer."""
        passed = self.passed
        if self.view.step == "merged":
            difference = passed.difference_to_merged
            meaning = _("largest difference between h from W′ and h in three steps")
        else:
            difference = passed.difference_to_peft
            meaning = _("largest difference between h and the output of PEFT’s own layer")
        equal = _("; equal bit for bit") if difference == 0 else ""
        page.key_number(small_number(difference), meaning + equal)

    def story(self) -> str:
        """What happens at the chosen step, with its shapes."""
        ins, outs = grouped(self.layer.in_features), grouped(self.layer.out_features)
        values = {
            "in": ins,
            "out": outs,
            "rank": grouped(self.scenario.rank),
            "rows": grouped(self.rows),
            "factor": f"{self.passed.scaling:.4g}",
            "share": percent(self.multiplied.adapter / self.multiplied.base),
            "merged": apart(self.passed.difference_to_merged),
            "to_peft": apart(self.passed.merged_difference_to_peft),
            "largest": f"{self.passed.tensors['h'].largest:.3g}",
        }
        return self._stories()[self.view.step] % values

    def table(self) -> None:
        """Every tensor with its shape and exact statistics."""
        used: dict[TensorName, int] = {
            "h_base": self.multiplied.base,
            "temp": self.multiplied.down,
            "h_lora": self.multiplied.up,
            "factor": self.multiplied.norms,
        }
        names: dict[TensorName, str] = {
            "scaled": f"h_lora × {self.passed.scaling:.4g}",
            "factor": "m / ‖W + ΔW‖",
            "update": "ΔW",
            "merged": "W′",
            "h_merged": "W′·x",
            "difference": "W′·x − h",
        }
        rows = [
            {
                _("Tensor"): names.get(name, name),
                _("Shape"): "×".join(map(str, sample.shape)),
                _("Smallest"): f"{sample.minimum:.6g}",
                _("Largest"): f"{sample.maximum:.6g}",
                _("Frobenius norm"): f"{sample.norm:.6g}",
                _("Multiplications"): grouped(used[name]) if name in used else "",
            }
            for name, sample in self.passed.tensors.items()
        ]
        page.table(rows, "forward-pass")

    def why(self) -> None:
        """What a presenter can say, with this pass's numbers."""
        now, multiplied = self.scenario, self.multiplied
        points = (
            _(
                "The way through A and B is narrow: a row of %(in)s numbers becomes %(rank)s "
                "wide and then %(out)s wide. The adapter costs %(lora)s multiplications in "
                "addition to %(base)s for W, %(share)s more."
            ),
            _(
                "Merged, W′ has the shape of W: the %(share)s are gone, and the layer is as fast "
                "as before. The outputs differ %(merged)s; float32 keeps about seven digits."
            ),
            _(
                "PEFT starts B at zero, so h is h_base at first: an adapter changes nothing until "
                "it is trained. Move the optimizer steps to 0 to see it."
            ),
            _(
                "One row here is one input vector, as in the explainer. A model sends one row "
                "for every token: %(batch)s × %(tokens)s = %(all)s rows in your training step."
            ),
        )
        values = {
            "in": grouped(self.layer.in_features),
            "out": grouped(self.layer.out_features),
            "rank": grouped(now.rank),
            "lora": grouped(multiplied.adapter),
            "base": grouped(multiplied.base),
            "share": percent(multiplied.adapter / multiplied.base),
            "merged": apart(self.passed.difference_to_merged),
            "batch": grouped(now.batch_size),
            "tokens": grouped(now.seq_len),
            "all": grouped(now.batch_size * now.seq_len),
        }
        st.markdown("\n".join(f"- {point % values}" for point in points))

    def shared_colours(self) -> str:
        """Why a matrix's colours reach further than its values."""
        if self.view.step == "merged":
            return _(
                "The three weights share one range of colours; both outputs and their difference "
                "share another."
            )
        tensors = self.passed.tensors
        return _(
            "h and the two that it is the sum of share one range of colours, ±%(range)s, so that "
            "they can be compared. The adapter's part reaches ±%(scaled)s."
        ) % {
            "range": f"{max(tensors[name].largest for name in SUMMED):.3g}",
            "scaled": f"{tensors['scaled'].largest:.3g}",
        }

    def where_values_come_from(self) -> str:
        """Which of the values are trained, and on what."""
        start = (
            _(
                "W is as transformers initialises this layer (seed %s); no trained weights are "
                "downloaded. x is normally distributed."
            )
            % self.view.seed
        )
        if self.view.forward_steps == 0:
            return f"{start} " + _("A and B are as PEFT starts them: B is zero, so h_lora is too.")
        return f"{start} " + plural(
            "A and B took %(steps)s real AdamW step (learning rate %(rate)s) towards a made-up "
            "task, a random ΔW of rank %(true_rank)s on %(rows)s inputs. Mean squared error: "
            "%(before)s → %(after)s.",
            "A and B took %(steps)s real AdamW steps (learning rate %(rate)s) towards a made-up "
            "task, a random ΔW of rank %(true_rank)s on %(rows)s inputs. Mean squared error: "
            "%(before)s → %(after)s.",
            self.view.forward_steps,
        ) % {
            "steps": self.view.forward_steps,
            "rate": LEARNING_RATE,
            "true_rank": TRUE_RANK,
            "rows": TRAINING_ROWS,
            "before": f"{self.passed.loss_before:.3g}",
            "after": f"{self.passed.loss_after:.3g}",
        }

    def notes(self) -> list[str]:
        """Where the scenario asks for something that this pass leaves out or does otherwise."""
        now, notes = self.scenario, []
        if self.rows < now.batch_size:
            notes.append(
                _("The first %(rows)s of %(all)s rows are computed; rows do not affect each other.")
                % {"rows": grouped(self.rows), "all": grouped(now.batch_size)}
            )
        if not now.trains_adapter:
            notes.append(_("Full fine-tuning has no A and B; this is what LoRA would compute."))
        if now.is_quantized:
            notes.append(_("QLoRA rounds W to 4 bits first and multiplies by the rounded W."))
        if now.base_dtype != "float32" or now.adapter_dtype != "float32":
            notes.append(_("Computed in float32; 16-bit numbers round more coarsely."))
        if all(module.name != self.layer.name for module in self.layout.modules):
            notes.append(_("Your target modules leave this layer as it is."))
        return notes

    def _stories(self) -> dict[str, str]:
        dora = "factor" in self.passed.tensors
        return {
            "1": _(
                "**Step 1 · Frozen ❄** The layer as it was: each row of x has %(in)s numbers, "
                "and W turns them into %(out)s. x is %(rows)s×%(in)s, h_base %(rows)s×%(out)s."
            ),
            "2": _(
                "**Step 2 · Trainable 🔥** A narrows each row to a width of %(rank)s: temp is "
                "%(rows)s×%(rank)s. B widens it to %(out)s again, and everything is multiplied "
                "by %(factor)s."
            ),
            "3": _(
                "**Step 3 · Combine** h_base and h_lora are added, then DoRA multiplies each "
                "output (without the bias) by m / ‖W + ΔW‖: h is %(rows)s×%(out)s."
            )
            if dora
            else _(
                "**Step 3 · Combine** h = h_base + h_lora, each %(rows)s×%(out)s. The largest "
                "number in h is %(largest)s."
            ),
            "all": plural(
                "**All steps** For %(rows)s row the adapter adds %(share)s to W’s "
                "multiplications. With the merged weight it costs nothing, and h differs "
                "%(merged)s.",
                "**All steps** For %(rows)s rows the adapter adds %(share)s to W’s "
                "multiplications. With the merged weight it costs nothing, and h differs "
                "%(merged)s.",
                self.rows,
            ),
            "merged": _(
                "**Merged** One multiplication by W′ gives the same h, within rounding. The "
                "largest number in h is %(largest)s. This W′ differs %(to_peft)s from the one "
                "that PEFT merges."
            )
            + (" " + _("With DoRA W′ = m · (W + ΔW) / ‖W + ΔW‖.") if dora else ""),
        }
