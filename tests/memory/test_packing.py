"""Packed sequences, held against the masks that transformers makes for real ones."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.memory.settings import step_settings
from lora_viz.memory.timeline import play
from lora_viz.memory.torch_step.record import record_shallow
from lora_viz.memory.trace import Trace
from tests.memory.models import GPT2, LLAMA, T5, targets
from tests.small_models import build

BATCH, TOKENS = 2, 32


def trace_of(config: dict[str, Any], **choices: Any) -> Trace:
    values = {"target_modules": targets(config), "batch_size": BATCH, "seq_len": TOKENS}
    settings = step_settings(Scenario.make(values | {"base_dtype": "bfloat16"} | choices))
    return record_shallow(config, settings, 0).trace


def real_mask(
    config: dict[str, Any], shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> torch.Tensor:
    """The mask that a real model gives to attention for sequences of `TOKENS` tokens."""
    masks: list[torch.Tensor] = []
    original = functional.scaled_dot_product_attention

    def attention(*args: Any, attn_mask: Any = None, **kwargs: Any) -> torch.Tensor:
        masks.append(attn_mask)
        return original(*args, attn_mask=attn_mask, **kwargs)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", attention)
    ids = torch.ones(shape, dtype=torch.int64)
    half = torch.arange(shape[1]) % (TOKENS // 2)  # two sequences in a row of that length
    build(config)(input_ids=ids, position_ids=half.expand(shape), use_cache=False)
    monkeypatch.undo()
    return masks[0]


@pytest.mark.parametrize("config", [LLAMA, GPT2], ids=lambda c: c["model_type"])
@pytest.mark.parametrize(
    ("packing", "shape"), [("one_row", (1, BATCH * TOKENS)), ("rows", (BATCH, TOKENS))]
)
def test_the_mask_is_the_one_that_transformers_makes(
    config: dict[str, Any], packing: str, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = real_mask(config, shape, monkeypatch)
    sequence = torch.arange(shape[1]) // (TOKENS // 2)
    alone = (sequence[:, None] == sequence) & torch.ones(shape[1], shape[1]).tril().bool()
    assert mask.dtype is torch.bool and (mask == alone).all()

    made = trace_of(config, packing=packing).allocations
    blocks = config.get("num_hidden_layers") or config["n_layer"]
    alike = [one for one in made if one.shape == tuple(mask.shape)]
    as_bias = [one for one in alike if one.bytes == 2 * mask.numel()]
    assert len(as_bias) == blocks  # CUDA's kernels take a number for each score
    assert any(one.bytes == mask.numel() for one in alike)


def test_flash_attention_needs_no_mask_and_what_sequences_without_padding_need() -> None:
    plain, one_row, rows = (
        trace_of(LLAMA, packing=packing, attention="flash_attention_2", seq_len=256)
        for packing in ("none", "one_row", "rows")
    )
    peak = play(plain).at_peak.total
    for packed in (one_row, rows):
        assert play(packed).at_peak.total == pytest.approx(peak, rel=0.01)
    assert not any(one.shape[-2:] == (512, 512) for one in one_row.allocations)


def test_a_model_that_takes_no_positions_is_not_packed() -> None:
    with pytest.raises(UserError, match="packed sequences"):
        trace_of(T5, packing="rows")
