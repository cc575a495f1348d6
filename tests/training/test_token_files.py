"""Tokens that are kept on disk are those that the tokenizer gives, whatever became of the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from lora_viz.training.data.tasks import pretraining_sample
from lora_viz.training.data.token_files import WORTH_KEEPING, encode
from tests.training.jobs import EMBEDDED_FOLDER

DAMAGES = [b"", b"\0" * 64, b'{"0": 1}']


def test_kept_tokens_are_the_tokenizer_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path))
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED_FOLDER)
    texts = [*pretraining_sample(), "And more. " * (WORTH_KEEPING // 10)]
    expected = [tokenizer.encode(text) for text in texts]
    for damage in (None, *DAMAGES):
        for _again in range(2):
            assert [one.tolist() for one in encode(texts, tokenizer)] == expected
        (file,) = tmp_path.glob("tokens/*")
        if damage is not None:
            file.write_bytes(damage)
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(Path(__file__)))  # below a file is no folder
    assert [one.tolist() for one in encode(texts, tokenizer)] == expected
