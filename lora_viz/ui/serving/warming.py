"""What the server gets ready in the background, so that the first page is not held up by it."""

from __future__ import annotations

import importlib
import pkgutil
import threading

from lora_viz import figures, ui
from lora_viz.questions import workers

FIRST_PAGE_SECONDS = 10  # workers do not wait for ever for a first reader
PAINTING_SECONDS = 2  # a browser still paints what the server has drawn
# the start page's logo, sidebar and drawing; charts would compete with the browser for the cores
START_PAGE_NEEDS = (
    "PIL.ImageFile",
    "numpy",
    "streamlit.emojis",
    "lora_viz.ui.kit.page",
    "lora_viz.ui.sidebar",
    "lora_viz.ui.glossary.marks",
    "lora_viz.ui.kit.style",
    "lora_viz.ui.kit.svg_picture",
    "lora_viz.ui.kit.layer_picker",
    "lora_viz.ui.tour.bar",
    "lora_viz.ui.tour.ways_in",
    "lora_viz.figures.start_idea",
)

_page_is_drawn = threading.Event()


def page_is_drawn() -> None:
    """Say that a page has been drawn, and that the workers may start."""
    _page_is_drawn.set()


def warm_up(ended: threading.Event) -> None:
    """Import what the start page draws with while the first browser loads; after the first page
    import what the others need and start the workers, unless that page needs them at once.

    Stops early when `ended` is set.
    """
    if _default_model_is_known():
        for name in START_PAGE_NEEDS:
            importlib.import_module(name)
        _page_is_drawn.wait(FIRST_PAGE_SECONDS)
        ended.wait(PAINTING_SECONDS)
        _import_what_other_pages_need()
    workers.start(ended)


def _default_model_is_known() -> bool:
    # the server answers its first browser while these are imported
    from lora_viz.choices.scenario import Scenario
    from lora_viz.questions import kept
    from lora_viz.questions.ask_for import architecture_of

    return kept.known(architecture_of(Scenario())) is not None


def _import_what_other_pages_need() -> None:
    for package in (figures, ui):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name != "lora_viz.ui.script":  # which Streamlit runs
                importlib.import_module(module.name)
