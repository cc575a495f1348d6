"""Long texts as tokens, kept on disk, as a job's text is mostly one that a job before it had too.

Tokenising the style task takes about two seconds of a run that takes thirty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from lora_viz import storage
from lora_viz.errors import UserError

BYTES_PER_TOKEN = 4
WORTH_KEEPING = 100_000  # characters


def encode(texts: Sequence[str], tokenizer: Any) -> list[Tensor]:
    """The tokens of each text, without special ones, each (tokens,) of int64."""
    is_fast = getattr(tokenizer, "is_fast", False)
    if not is_fast or sum(map(len, texts)) < WORTH_KEEPING:
        return _tokenize(texts, tokenizer)
    name = f"{_key(texts, tokenizer)}.safetensors"
    try:
        kept = load(storage.read("tokens", name))
        return [kept[str(place)].long() for place in range(len(texts))]
    except (OSError, SafetensorError, KeyError):  # not there, or damaged
        tokens = _tokenize(texts, tokenizer)
        _keep(name, tokens)
        return tokens


def _tokenize(texts: Sequence[str], tokenizer: Any) -> list[Tensor]:
    if not texts:
        return []
    encoded = tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)
    return [torch.tensor(tokens, dtype=torch.long) for tokens in encoded["input_ids"]]


def _key(texts: Sequence[str], tokenizer: Any) -> str:
    """A hash of all that decides the tokens: the tokenizer's own description, and the texts."""
    digest = hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode())
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()


def _keep(name: str, tokens: list[Tensor]) -> None:
    """Write the file in one piece, unless there is no room for it.

    A disk that is full is no reason to fail here: what the job cannot do without fails itself.
    """
    size = sum(map(len, tokens)) * BYTES_PER_TOKEN
    with (
        suppress(OSError, SafetensorError, UserError),
        storage.writing("tokens", name, size) as unfinished,
    ):
        save_file({str(place): one.int() for place, one in enumerate(tokens)}, unfinished)
