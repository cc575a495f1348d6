"""The model card of the embedded model, filled in by what was measured."""

from __future__ import annotations

import math
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch
import transformers

TEMPLATE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Pretraining:
    """What a pretraining run was and how well the model predicts the held-out text."""

    parameters: int
    steps: int
    tokens_a_step: int
    training_tokens: int
    training_characters: int
    held_out_tokens: int
    held_out_characters: int
    held_out_loss: float
    seconds: float


def write_card(file: Path, result: Pretraining) -> None:
    """Write the card; machine, software and date are those of this process."""
    tokens_a_character = result.held_out_tokens / result.held_out_characters
    text = TEMPLATE.read_text(encoding="utf-8").format(
        **vars(result),
        epochs=result.steps * result.tokens_a_step / result.training_tokens,
        bits=result.held_out_loss / math.log(2) * tokens_a_character,
        machine=f"{_processor()}, {platform.system()} {platform.machine()}",
        torch=torch.__version__,
        transformers=transformers.__version__,
        date=datetime.now(UTC).date().isoformat(),
    )
    file.write_text(text, encoding="utf-8")


def _processor() -> str:
    """The processor's name as Linux tells it, or what Python knows."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
