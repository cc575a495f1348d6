"""The explainer's four epochs, and what exp(loss) says beside its perplexities."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from lora_viz.explainer import quotes
from lora_viz.training.perplexity import perplexity


@dataclass(frozen=True)
class ToldEpoch(quotes.EpochWords):
    """One of the four epochs as quoted, with what follows from its two numbers."""

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


TOLD_EPOCHS = tuple(ToldEpoch(**vars(quoted)) for quoted in quotes.EPOCHS)


def told_epoch(epoch: int) -> ToldEpoch:
    """The epoch of this number. Raises `KeyError` if the explainer does not tell of it."""
    return {told.epoch: told for told in TOLD_EPOCHS}[epoch]
