"""What a model says before and after training: samples, and how many answers are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lora_viz.training.data.tasks import Example
from lora_viz.training.data.tokens import Parts, prompt_tokens, spread
from lora_viz.training.runs.results import ExactMatch, Sample
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.work.evaluation import SAMPLED_TOKENS, continuations

SAMPLES = 4
PROMPT_TOKENS = 24


class AnswersCompared:
    """Asks a model the same before and after training.

    Text is continued with random draws from the run's seed, questions are answered with the most
    likely tokens. Held-out questions show what was understood, trained ones what was memorised.
    """

    def __init__(
        self,
        parts: Parts,
        tokenizer: Any,
        settings: TrainingSettings,
        check: Callable[[], None],
    ) -> None:
        self._tokenizer = tokenizer
        self._check = check
        task = parts.used  # what is too long to train on may be too long to ask as well
        self._is_text = task.kind == "text"
        self._seed = settings.seed if self._is_text else None
        most = settings.evaluation_sequences
        if self._is_text:
            self._asked, self._expected = self._openings(parts)
            self._trained: list[Example] = []
        else:
            self._held_out = spread(task.held_out, most)
            self._trained = spread(task.train, most)
            questions = [*self._held_out, *self._trained]
            self._asked = [prompt_tokens(one.prompt, tokenizer) for one in questions]
            self._expected = [one.completion for one in questions]

    def read_before(self, model: Any) -> None:
        """Ask the base model."""
        self._before = self._ask(model)

    def read_after(self, model: Any) -> None:
        """Ask the trained model."""
        self._after = self._ask(model)

    def findings(self) -> dict[str, Any]:
        """The result's fields about answers."""
        samples = tuple(
            Sample(
                prompt=self._tokenizer.decode(self._asked[place]),
                expected=self._expected[place],
                before=self._before[place],
                after=self._after[place],
            )
            for place in spread(range(len(self._asked) - len(self._trained)), SAMPLES)
        )
        if self._is_text:
            return {"samples": samples}
        border = len(self._held_out)
        return {
            "samples": samples,
            "exact_match_held_out": self._matches(0, border),
            "exact_match_trained": self._matches(border, len(self._asked)),
        }

    def _openings(self, parts: Parts) -> tuple[list[list[int]], list[str]]:
        """The first tokens of a few held-out sequences, and how these go on."""
        sequences = [one.input_ids.tolist() for one in spread(parts.held_out, SAMPLES)]
        prompts = [tokens[: min(PROMPT_TOKENS, len(tokens) // 2 or 1)] for tokens in sequences]
        rests = [
            tokens[len(prompt) : len(prompt) + SAMPLED_TOKENS]
            for tokens, prompt in zip(sequences, prompts, strict=True)
        ]
        return prompts, [self._tokenizer.decode(rest, skip_special_tokens=True) for rest in rests]

    def _ask(self, model: Any) -> list[str]:
        encoded = self._tokenizer(self._expected, add_special_tokens=False)["input_ids"]
        longest = SAMPLED_TOKENS if self._is_text else max(map(len, encoded)) + 1
        return continuations(
            model,
            self._tokenizer,
            self._asked,
            self._check,
            new_tokens=longest,
            seed=self._seed,
        )

    def _matches(self, start: int, end: int) -> ExactMatch:
        def right(said: list[str]) -> int:
            pairs = zip(said[start:end], self._expected[start:end], strict=True)
            return sum(answer.strip() == expected.strip() for answer, expected in pairs)

        return ExactMatch(
            questions=end - start, before=right(self._before), after=right(self._after)
        )
