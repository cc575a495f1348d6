"""Where this project keeps files of its own on a machine."""

from __future__ import annotations

import os
from pathlib import Path


def storage_folder(name: str) -> Path:
    """A writable folder, made if it is not there: `$LORA_VIZ_STORAGE` or `~/.cache/lora_viz`."""
    root = os.environ.get("LORA_VIZ_STORAGE")
    base = Path(root) if root else Path.home() / ".cache" / "lora_viz"
    folder = base / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
