"""From examples to sequences of tokens, and from sequences to batches.

A sequence's labels are its own tokens; a label of −100 is not learned and not counted: the prompt
of a question, and padding. The model shifts labels by one token itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.training.tasks import Example, Task
from lora_viz.training.token_files import encode

NOT_COUNTED = -100
Item = TypeVar("Item")


@dataclass(frozen=True)
class TokenSequence:
    """Tokens and labels of one sequence, both (tokens,)."""

    input_ids: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Parts:
    """A task's parts as sequences; `left_out` counts examples that are too long to train on."""

    train: list[TokenSequence]
    validation: list[TokenSequence]
    held_out: list[TokenSequence]
    left_out: int


def tokenize(task: Task, tokenizer: Any, seq_len: int) -> Parts:
    """Text in blocks of `seq_len` tokens, or each question with its answer.

    Raises:
        UserError: a part of the data has nothing to train or evaluate on.
    """
    parts = [task.train, task.validation, task.held_out]
    if task.kind == "text":
        made = [text_blocks([one.completion for one in part], tokenizer, seq_len) for part in parts]
        left_out = 0
    else:
        made = [_questions(part, tokenizer, seq_len) for part in parts]
        left_out = sum(map(len, parts)) - sum(map(len, made))
    for name, sequences in zip(("train", "validation", "held-out"), made, strict=True):
        if not sequences:
            raise UserError(
                _(
                    "The %(part)s part of the data has no sequence of at most %(tokens)s tokens; "
                    "use longer sequences or more data."
                )
                % {"part": name, "tokens": f"{seq_len:,}"}
            )
    train, validation, held_out = made
    return Parts(train, validation, held_out, left_out)


def text_blocks(texts: Iterable[str], tokenizer: Any, seq_len: int) -> list[TokenSequence]:
    """Texts one after the other, an end-of-text token after each, cut into blocks.

    What is left over is dropped unless it is all there is.
    """
    end = torch.tensor([] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]).long()
    ids = torch.cat([part for text in encode(list(texts), tokenizer) for part in (text, end)])
    blocks = [block for block in ids.split(seq_len) if len(block) == seq_len]
    if not blocks and len(ids) > 1:
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


def _questions(part: Iterable[Example], tokenizer: Any, seq_len: int) -> list[TokenSequence]:
    ends = [tokenizer.eos_token_id] if tokenizer.eos_token_id is not None else []
    made = []
    for example in part:
        prompt = prompt_tokens(example.prompt, tokenizer)
        answer = prompt_tokens(example.completion, tokenizer) + ends
        if len(prompt) + len(answer) <= seq_len:
            ids = torch.tensor(prompt + answer)
            labels = ids.clone()
            labels[: len(prompt)] = NOT_COUNTED
            made.append(TokenSequence(ids, labels))
    return made


def _stack(rows: list[Tensor], longest: int, filling: int) -> Tensor:
    stacked = torch.full((len(rows), longest), filling, dtype=torch.long)
    for row, values in zip(stacked, rows, strict=True):
        row[: len(values)] = values
    return stacked
