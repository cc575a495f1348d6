"""torchtune's loss over chunks of the sequence: logits in half precision, one chunk in float32.

`torchtune/modules/loss/ce_chunked_output_loss.py` (`CEWithChunkedOutputLoss`) and
`chunked_output` of `torchtune/modules/transformer.py` in torchtune 0.6. Importing this module loads
torch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from lora_viz.memory.torch_step.losses.notes import Notes

CHUNKS = 8  # num_output_chunks


def chunked_output_loss(
    hidden: torch.Tensor, head: Any, labels: torch.Tensor, notes: Notes
) -> torch.Tensor:
    """The mean loss; its own code, which runs as it is.

    Args:
        hidden: (batch, tokens, width).
        labels: (batch, tokens).
    """
    outputs = [notes.logits(head(part)) for part in hidden.chunk(CHUNKS, dim=1)]
    labels = torch.hstack((labels[..., 1:], torch.full_like(labels[..., :1], -100)))
    counted = (labels != -100).sum()
    parts = [part.reshape(-1) for part in labels.chunk(CHUNKS, dim=1)]
    logits = [part.reshape(-1, part.size(-1)) for part in outputs]
    total: Any = 0.0
    for of_chunk, wanted in zip(logits, parts, strict=True):
        total += functional.cross_entropy(
            of_chunk.float(), wanted, ignore_index=-100, reduction="sum"
        )
    return total / counted
