"""The tours that there are for this session, and what a tour's settings may name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

import streamlit as st

from lora_viz.choices.declaration import Declared
from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import N_, Message
from lora_viz.tours.author import Rules, read_tour
from lora_viz.tours.shelf import SHIPPED, Shelf, tours_of_folder
from lora_viz.tours.tour import Tour
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.page_list import PAGES
from lora_viz.ui.session import links
from lora_viz.ui.session.view import View

OWN = "own-tours"
OWN_NAME = "own-"  # before the hash of an uploaded tour
SHOWN_OF_HASH = 8
DECLARED: tuple[tuple[str, type[Declared]], ...] = (
    ("", Scenario),
    ("", View),
    (links.OF_TRAINING, TrainingSettings),
)
NOT_A_TOUR_S = {"language", "tour", "stop"}


def shelf() -> Shelf:
    """All tours: those that ship, of the server's folder, and uploaded in this session."""
    of_folder = tours_of_folder(rules())
    own = st.session_state.get(OWN, {})
    return Shelf(SHIPPED | of_folder.tours | own, of_folder.refused)


def keep_own(file: str, content: bytes) -> Tour:
    """Read an uploaded tour and keep it for the session. Raises `UserError`."""
    digest = hashlib.sha256(content).hexdigest()[:SHOWN_OF_HASH]
    tour = read_tour(OWN_NAME + digest, file, content, rules())
    st.session_state[OWN] = st.session_state.get(OWN, {}) | {tour.name: tour}
    return tour


@cache
def rules() -> Rules:
    """What a tour may name: pages, and what a link may set but the language and the tour."""
    return Rules(
        pages=tuple(page.name for page in PAGES),
        numeric=tuple(name for name, owner in _fields().items() if _is_numeric(name, owner)),
        complaint=_complaint,
    )


def _complaint(settings: Mapping[str, str]) -> Message | None:
    for name in settings:
        if name not in _fields():
            return Message(
                N_("“%s” is not a setting of a link; one is called rank, another targets."),
                name[:60],
            )
    complaints = links.read(settings).complaints
    return complaints[0] if complaints else None


@cache
def _fields() -> dict[str, type[Declared]]:
    """What a tour may set, by its name in links."""
    return {
        prefix + short: owner
        for prefix, owner in DECLARED
        for short, field in owner.fields_by_short_name().items()
        if field not in NOT_A_TOUR_S and owner.is_in_links(field)
    }


def _is_numeric(name: str, owner: type[Declared]) -> bool:
    field = owner.fields_by_short_name().get(name.removeprefix(links.OF_TRAINING))
    return field is not None and isinstance(owner.model_fields[field].default, int | float)
