"""What the server gets ready in the background, so that the first page is not held up by it."""

from __future__ import annotations

import importlib
import pkgutil
import threading

from lora_viz import answers, figures, ui, workers
from lora_viz.architecture import read_architecture
from lora_viz.scenario import Scenario

FIRST_PAGE_SECONDS = 10  # workers do not wait for ever for a first reader
PAINTING_SECONDS = 2  # a browser still paints what the server has drawn
# of the start page, which needs no Plotly: its logo and its drawing
WHAT_STREAMLIT_NEEDS = ("PIL.Image", "pandas")

_page_is_drawn = threading.Event()


def page_is_drawn() -> None:
    """Say that a page has been drawn, and that the workers may start."""
    _page_is_drawn.set()


def warm_up(ended: threading.Event) -> None:
    """Import what pages draw with while the first browser loads; start the workers after the
    first page, unless that needs them.

    Stops early when `ended` is set.
    """
    if answers.known(read_architecture, Scenario().model) is not None:
        _import_what_pages_need()
        _page_is_drawn.wait(FIRST_PAGE_SECONDS)
        ended.wait(PAINTING_SECONDS)
    workers.start(ended)


def _import_what_pages_need() -> None:
    for name in WHAT_STREAMLIT_NEEDS:
        importlib.import_module(name)
    for package in (figures, ui):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
