"""The explainer's four epochs as it tells them, and what exp(loss) says about its perplexities.

Everything here is quoted: none of it was measured by this application.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Literal

from lora_viz.i18n import N_
from lora_viz.training.perplexity import perplexity

# the shades of its boxes: ━ ░ ▒ ▓ █
Shade = Literal["frozen", "zero", "random", "learning", "learned"]
Matrix = Literal["W", "B", "A"]


@dataclass(frozen=True)
class MatrixState:
    """How a matrix is drawn and what the explainer calls its state."""

    shade: Shade
    words: str


@dataclass(frozen=True)
class DocumentEpoch:
    """One of the four epochs; loss in nats a token, both numbers as stated."""

    epoch: int
    title: str
    loss: float
    stated_perplexity: float
    states: dict[Matrix, MatrixState]

    @property
    def computed_perplexity(self) -> float:
        """exp(loss): perplexity is exp of the mean cross-entropy over tokens."""
        return perplexity(self.loss)

    @property
    def implied_loss(self) -> float:
        """The mean cross-entropy, in nats a token, that the stated perplexity belongs to."""
        return log(self.stated_perplexity)

    @property
    def agrees(self) -> bool:
        """Whether the two are one measurement: equal within one unit of the last digit given."""
        return abs(self.computed_perplexity - self.stated_perplexity) <= 0.01


FROZEN = MatrixState("frozen", N_("frozen"))
ZERO = MatrixState("zero", N_("zero"))
RANDOM = MatrixState("random", N_("random"))
LEARNING = MatrixState("learning", N_("learning"))
LEARNED = MatrixState("learned", N_("learned"))
OPTIMISED = MatrixState("learned", N_("optimised"))

DOCUMENT_EPOCHS = tuple(
    DocumentEpoch(epoch, title, loss, stated, {"W": FROZEN, "B": b, "A": a})
    for epoch, title, loss, stated, b, a in (
        (1, N_("initial state"), 2.66, 9.08, ZERO, RANDOM),
        (5, N_("learning"), 1.14, 3.12, LEARNING, LEARNING),
        (10, N_("converging"), 0.59, 1.67, LEARNED, LEARNED),
        (20, N_("almost perfect"), 0.32, 1.05, OPTIMISED, OPTIMISED),
    )
)


def document_epoch(epoch: int) -> DocumentEpoch:
    """The epoch of this number. Raises `KeyError` if the explainer does not tell of it."""
    return {told.epoch: told for told in DOCUMENT_EPOCHS}[epoch]
