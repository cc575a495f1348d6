"""The application for tests that run it without a browser."""

from __future__ import annotations

from lora_viz.ui.page_list import file_of
from lora_viz.ui.serving.server import SCRIPT

__all__ = ["SCRIPT", "file_of"]
