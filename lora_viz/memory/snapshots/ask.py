"""What a worker is asked about memory snapshots."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import Any

from lora_viz.memory.settings import StepSettings
from lora_viz.memory.snapshots.plain_pickle import read_plain_pickle
from lora_viz.memory.snapshots.reading import SnapshotFacts, facts_of
from lora_viz.memory.snapshots.writing import snapshot_bytes
from lora_viz.models.source import resolve


def read_simulated_snapshot(model: str, settings: dict[str, Any]) -> str:
    """The simulated step as a snapshot, for `unpacked`. Loads torch.

    Args:
        model: whatever `models.source.resolve` accepts.
        settings: the fields of `StepSettings`.

    Raises:
        UserError: the model cannot be read, no layer is adapted, or the step itself fails.
    """
    values = resolve(model).values
    chosen = StepSettings.from_arguments(settings)

    from lora_viz.memory.torch_step.simulate import trace_of

    content = snapshot_bytes(trace_of(values, chosen))
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()  # a tenth of its bytes


def unpacked(snapshot: str) -> bytes:
    """The pickle in an answer of `read_simulated_snapshot`."""
    return gzip.decompress(base64.b64decode(snapshot))


def read_snapshot_file(path: str, name: str, vocabulary: int) -> SnapshotFacts:
    """What a snapshot says that somebody took.

    Args:
        path: of the file.
        name: what the reader knows it by.
        vocabulary: tokens of the model that was trained; 0 if nobody knows.

    Raises:
        UserError: it cannot be read, or is no snapshot.
    """
    return facts_of(read_plain_pickle(Path(path), name), vocabulary)
