"""Long texts as tokens, kept on disk, as a job's text is mostly one that a job before it had too.

Tokenising the style task takes about two seconds of a run that takes thirty.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from lora_viz.storage import UnwritableFolderError, storage_folder

KEPT_FILES = 8
WORTH_KEEPING = 100_000  # characters


def encode(texts: Sequence[str], tokenizer: Any) -> list[Tensor]:
    """The tokens of each text, without special ones, each (tokens,) of int64."""
    is_fast = getattr(tokenizer, "is_fast", False)
    if not is_fast or sum(map(len, texts)) < WORTH_KEEPING:
        return _tokenize(texts, tokenizer)
    try:
        file = storage_folder("tokens") / f"{_key(texts, tokenizer)}.safetensors"
    except UnwritableFolderError:
        return _tokenize(texts, tokenizer)
    try:
        kept = load_file(file)
        file.touch()
        return [kept[str(place)].long() for place in range(len(texts))]
    except (OSError, SafetensorError, KeyError):  # not there, or damaged
        tokens = _tokenize(texts, tokenizer)
        _keep(file, tokens)
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


def _keep(file: Path, tokens: list[Tensor]) -> None:
    """Write the file in one piece, and let go of those that were not read for longest.

    A disk that is full is no reason to fail here: what the job cannot do without fails itself.
    """
    unfinished = file.with_suffix(f".{os.getpid()}")
    try:
        save_file({str(place): one.int() for place, one in enumerate(tokens)}, unfinished)
        unfinished.replace(file)
        files = sorted(file.parent.glob("*.safetensors"), key=lambda one: one.stat().st_mtime)
        for old in files[:-KEPT_FILES]:
            old.unlink(missing_ok=True)
    except (OSError, SafetensorError):
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
