"""From examples to sequences of tokens, and from sequences to batches.

A sequence's labels are its own tokens; a label of −100 is not learned and not counted: the prompt
of a question, and padding. The model shifts labels by one token itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.training.data.tasks import Example, Task
from lora_viz.training.data.token_files import encode

NOT_COUNTED = -100
PARTS = ("train", "validation", "held_out")
Item = TypeVar("Item")


@dataclass(frozen=True)
class TokenSequence:
    """Tokens and labels of one sequence, both (tokens,)."""

    input_ids: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Parts:
    """A task's parts as sequences, and the examples that they are made of.

    Left out of both are `too_long` examples, which have more tokens than a sequence, and
    `without_tokens`, whose prompt or completion this tokenizer makes nothing of.
    """

    train: list[TokenSequence]
    validation: list[TokenSequence]
    held_out: list[TokenSequence]
    used: Task
    too_long: int = 0
    without_tokens: int = 0


def tokenize(task: Task, tokenizer: Any, seq_len: int) -> Parts:
    """Text in blocks of `seq_len` tokens, or each question with its answer.

    Raises:
        UserError: a part of the data has nothing to train or evaluate on.
    """
    made = (
        _text(task, tokenizer, seq_len) if task.kind == "text" else _rows(task, tokenizer, seq_len)
    )
    for name in PARTS:
        if not getattr(made, name):
            raise UserError(
                N_(
                    "The %(part)s part of the data has no sequence of at most %(tokens)s tokens; "
                    "use longer sequences or more data."
                ),
                part=name.replace("_", "-"),
                tokens=f"{seq_len:,}",
            )
    return made


def text_blocks(texts: Iterable[str], tokenizer: Any, seq_len: int) -> list[TokenSequence]:
    """Texts one after the other, an end-of-text token after each, cut into blocks.

    What is left over is dropped unless it is all there is. A token alone predicts nothing, so that
    sequences of one token give no block.
    """
    end = torch.tensor([] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]).long()
    ids = torch.cat([part for text in encode(list(texts), tokenizer) for part in (text, end)])
    blocks = [block for block in ids.split(seq_len) if len(block) == seq_len > 1]
    if not blocks and 1 < len(ids) <= seq_len:
        blocks = [ids]
    return [TokenSequence(block, block) for block in blocks]


def prompt_tokens(prompt: str, tokenizer: Any) -> list[int]:
    """A question's tokens, as they stand before its answer in training."""
    return tokenizer(prompt, add_special_tokens=False)["input_ids"]


def collate(sequences: Sequence[TokenSequence], padding: int) -> dict[str, Tensor]:
    """A batch of (sequences, tokens), padded on the right; a mask only where there is padding."""
    longest = max(len(one.input_ids) for one in sequences)
    shortest = min(len(one.input_ids) for one in sequences)
    batch = {
        "input_ids": _stack([one.input_ids for one in sequences], longest, padding),
        "labels": _stack([one.labels for one in sequences], longest, NOT_COUNTED),
    }
    if shortest < longest:
        lengths = torch.tensor([len(one.input_ids) for one in sequences])
        batch["attention_mask"] = (torch.arange(longest) < lengths[:, None]).long()
    return batch


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[0]]
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def _text(task: Task, tokenizer: Any, seq_len: int) -> Parts:
    train, validation, held_out = (
        text_blocks([one.completion for one in getattr(task, name)], tokenizer, seq_len)
        for name in PARTS
    )
    return Parts(train, validation, held_out, used=task)


def _rows(task: Task, tokenizer: Any, seq_len: int) -> Parts:
    made: dict[str, list[TokenSequence]] = {name: [] for name in PARTS}
    used: dict[str, list[Example]] = {name: [] for name in PARTS}
    too_long = without_tokens = 0
    for name in PARTS:
        for example, prompt, answer in _tokenized(getattr(task, name), tokenizer):
            if not prompt or not answer:
                without_tokens += 1
            elif len(prompt) + len(answer) > seq_len:
                too_long += 1
            else:
                used[name].append(example)
                made[name].append(_question(prompt, answer))
    in_use = replace(task, **{name: tuple(examples) for name, examples in used.items()})
    train, validation, held_out = (made[name] for name in PARTS)
    return Parts(train, validation, held_out, in_use, too_long, without_tokens)


def _tokenized(
    part: Sequence[Example], tokenizer: Any
) -> Iterator[tuple[Example, list[int], list[int]]]:
    """Each example with the tokens of its prompt and of its completion, which ends the text."""
    end = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
    texts = [*(one.prompt for one in part), *(one.completion for one in part)]
    tokens = _token_lists(texts, tokenizer)
    for place, example in enumerate(part):
        answer = list(tokens[len(part) + place])
        yield example, list(tokens[place]), answer and answer + end


def _token_lists(texts: list[str], tokenizer: Any) -> list[list[int]]:
    if not texts:
        return []
    return tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]


def _question(prompt: list[int], answer: list[int]) -> TokenSequence:
    ids = torch.tensor(prompt + answer)
    labels = ids.clone()
    labels[: len(prompt)] = NOT_COUNTED
    return TokenSequence(ids, labels)


def _stack(rows: list[Tensor], longest: int, filling: int) -> Tensor:
    stacked = torch.full((len(rows), longest), filling, dtype=torch.long)
    for row, values in zip(stacked, rows, strict=True):
        row[: len(values)] = values
    return stacked
