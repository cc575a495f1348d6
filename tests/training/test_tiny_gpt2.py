"""The embedded model loads in transformers' own way and predicts as well as its card says."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest

from lora_viz.models.ask import read_architecture
from lora_viz.models.catalogue import catalogue, weights_folder
from lora_viz.training.data.tasks import pretraining_sample

MAXIMUM_FOLDER_BYTES = 8_000_000


@pytest.fixture(scope="module")
def folder() -> Path:
    found = weights_folder("tiny-gpt2")
    assert found
    return found


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def test_the_catalogue_counts_what_the_weights_file_holds(folder: Path) -> None:
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", framework="np") as file:
        values = sum(file.get_tensor(name).size for name in file.keys())  # noqa: SIM118
        assert {str(file.get_tensor(name).dtype) for name in file.keys()} == {"float16"}  # noqa: SIM118
    assert values == read_architecture("tiny-gpt2").total_parameters
    assert values == catalogue()["tiny-gpt2"].published_parameters
    assert sum(file.stat().st_size for file in folder.iterdir()) < MAXIMUM_FOLDER_BYTES


def test_only_the_embedded_model_has_weights() -> None:
    assert [key for key in catalogue() if weights_folder(key)] == ["tiny-gpt2"]
    assert weights_folder("custom:12x768x12x50257x1024") is None


@pytest.mark.parametrize(
    "text", ["It is a truth\n\nuniversally", "  ½ ✓ 한국어 \t", "HAMLET.\nTo be"]
)
def test_the_tokenizer_gives_every_text_back(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.convert_tokens_to_ids("<|endoftext|>") == tokenizer.eos_token_id


def test_its_loss_on_text_it_never_saw_is_the_card_s(folder: Path, tokenizer: Any) -> None:
    """Windows as transformers itself shifts labels; each but the first token of a window counts."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    nats = predicted = tokens = characters = 0
    for text in pretraining_sample():
        stream = torch.tensor([tokenizer.bos_token_id, *tokenizer.encode(text, verbose=False)])
        tokens, characters = tokens + len(stream) - 1, characters + len(text)
        for window in stream.split(model.config.n_positions):
            if len(window) > 1:
                with torch.no_grad():
                    loss = model(window[None], labels=window[None]).loss.item()
                nats += loss * (len(window) - 1)
                predicted += len(window) - 1
    card = (folder / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"([\d.]+) nats a token, ([\d.]+) bits a character", card)
    assert shown
    card_nats, card_bits = map(float, shown.groups())
    assert nats / predicted == pytest.approx(card_nats, abs=0.02)
    assert math.log2(math.exp(card_nats)) * tokens / characters == pytest.approx(
        card_bits, abs=1e-3
    )
