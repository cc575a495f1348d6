"""How good a model is: its loss over tokens, its answers word for word, what it says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lora_viz.training.data.tokens import NOT_COUNTED, TokenSequence, collate
from lora_viz.training.perplexity import perplexity
from lora_viz.training.runs.events import Part
from lora_viz.training.runs.results import Loss
from lora_viz.training.work.job_data import JobData

SAMPLED_TOKENS = 48
ANSWERS_AT_A_TIME = 32


class Losses:
    """A model's losses over what a job evaluates on; `check` as for `mean_loss`."""

    def __init__(self, data: JobData, batch_size: int, check: Callable[[], None]) -> None:
        self._data = data
        self._batch_size = batch_size
        self._check = check

    def of(self, model: nn.Module) -> dict[Part, Loss]:
        """Those of the task's parts."""
        evaluated = self._data.evaluated
        return {part: self._mean(model, sequences) for part, sequences in evaluated.items()}

    def with_pretraining(
        self, model: nn.Module, known: Mapping[Part, Loss] | None = None
    ) -> dict[Part, Loss]:
        """Those of the task's parts, unless they are `known`, and the pretraining text's."""
        pretraining: dict[Part, Loss] = {"pretraining": self._mean(model, self._data.pretraining)}
        return dict(known or self.of(model)) | pretraining

    def _mean(self, model: nn.Module, sequences: Sequence[TokenSequence]) -> Loss:
        return mean_loss(model, sequences, self._batch_size, self._check)


def are_finite(losses: Mapping[Part, Loss]) -> bool:
    """Whether each loss is a number."""
    return all(math.isfinite(loss.loss) for loss in losses.values())


@torch.no_grad()
def mean_loss(
    model: nn.Module,
    sequences: Sequence[TokenSequence],
    batch_size: int,
    check: Callable[[], None],
) -> Loss:
    """The mean over all counted tokens, whichever batch they are in; perplexity is its exponential.

    `check` is called before each batch and may raise to give up.
    """
    total, counted = 0.0, 0
    device = next(model.parameters()).device
    with evaluating(model):
        for start in range(0, len(sequences), batch_size):
            check()
            batch = collate(sequences[start : start + batch_size], padding=0)
            labels = batch.pop("labels")[:, 1:].to(device)
            logits = model(**{name: tensor.to(device) for name, tensor in batch.items()}).logits
            total += nn.functional.cross_entropy(
                logits[:, :-1].float().flatten(0, 1),
                labels.flatten(),
                ignore_index=NOT_COUNTED,
                reduction="sum",
            ).item()
            counted += int(labels.ne(NOT_COUNTED).sum())
    loss = total / counted
    return Loss(loss=loss, perplexity=perplexity(loss), tokens=counted)


@torch.no_grad()
def continuations(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[list[int]],
    check: Callable[[], None],
    *,
    new_tokens: int = SAMPLED_TOKENS,
    seed: int | None = None,
) -> list[str]:
    """What the model says after each prompt, as text without special tokens.

    Without a seed each token is the most likely one; with a seed, it is drawn from the 40 most
    likely ones, and nothing outside notices that random numbers were drawn.
    """
    said: list[str] = []
    with evaluating(model), torch.random.fork_rng():
        for start in range(0, len(prompts), ANSWERS_AT_A_TIME):
            check()
            if seed is not None:
                torch.manual_seed(seed)
            some = prompts[start : start + ANSWERS_AT_A_TIME]
            said += _generate(model, tokenizer, some, new_tokens, draws=seed is not None)
    return said


class evaluating:  # noqa: N801 (a context manager that reads as a word)
    """Dropout off within the block, and the model's mode as it was after it."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model

    def __enter__(self) -> None:
        self._was_training = self._model.training
        self._model.eval()

    def __exit__(self, *_: object) -> None:
        self._model.train(self._was_training)


def _generate(
    model: Any, tokenizer: Any, prompts: Sequence[list[int]], new_tokens: int, draws: bool
) -> Iterator[str]:
    device = next(model.parameters()).device
    longest = max(map(len, prompts))
    context = getattr(model.config, "max_position_embeddings", None) or longest + new_tokens
    padding = tokenizer.pad_token_id
    padding = padding if padding is not None else tokenizer.eos_token_id or 0
    ids = torch.full((len(prompts), longest), padding, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):  # padding on the left, so that all go on at one place
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    how = {"do_sample": True, "top_k": 40, "temperature": 0.9} if draws else {"do_sample": False}
    made: Tensor = model.generate(
        input_ids=ids.to(device),
        attention_mask=mask.to(device),
        max_new_tokens=max(1, min(new_tokens, context - longest)),
        pad_token_id=padding,
        use_cache=True,
        remove_invalid_values=True,  # of a model that all but diverged: drawing needs probabilities
        **how,
    )
    yield from tokenizer.batch_decode(made[:, longest:], skip_special_tokens=True)
