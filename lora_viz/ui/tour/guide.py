"""Where a reader is in a tour: forward, back, away, and taken up again.

Tour and stop belong to the view and stand in the link. A change of stop sets what the stop sets;
the page follows at the next run's beginning, before the link is written.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import Page as ShownPage

from lora_viz.i18n import N_, Message
from lora_viz.tours.tour import Stop, Tour
from lora_viz.ui.page_list import PAGES, file_of
from lora_viz.ui.session import links, state
from lora_viz.ui.session.links import Link
from lora_viz.ui.tour import courses
from lora_viz.ui.tour.progress import stop_is_done

GOING = "tour-going"  # the page to be turned to
ON = "tour-page"  # the page that is shown
BEFORE = "tour-before"  # what was set before the tour
LEFT = "tour-left"  # what was set when it was left, and the page
DONE = "tour-done"  # the stops that were done, by tour and number


@dataclass(frozen=True)
class AtStop:
    """A stop of a tour; `number` counts from 1."""

    tour: Tour
    number: int

    @property
    def stop(self) -> Stop:
        """The stop itself."""
        return self.tour.stops[self.number - 1]

    @property
    def is_first(self) -> bool:
        """Whether no stop comes before it."""
        return self.number == 1

    @property
    def is_last(self) -> bool:
        """Whether no stop follows."""
        return self.number == len(self.tour.stops)


def here() -> AtStop | None:
    """The stop that this session is at; None where no tour is on."""
    return place_of(state.view().tour, state.view().stop)


def place_of(name: str, number: int) -> AtStop | None:
    """A stop by its tour's name, the last one for a number beyond; None for no such tour."""
    tour = courses.shelf().tours.get(name) if name else None
    return AtStop(tour, min(number, len(tour.stops))) if tour else None


def arrive(shown: ShownPage) -> str:
    """Take note of the page, and turn to another where a stop, or a link to one, asks for it.

    A link that names a tour and no page leads to its stop. Returns the page's name.
    """
    page = next(one.name for one in PAGES if one.address == shown.url_path)
    is_new = ON not in st.session_state
    st.session_state[ON] = page
    _turn_the_page(page)
    name = state.view().tour
    at = here()
    if name and not at:
        state.update(tour="", stop=1)
        state.complain(
            Message(
                N_(
                    "There is no guided tour “%s” here. One that was uploaded is only known where "
                    "it was uploaded."
                ),
                name,
            )
        )
        at = None
    if at and is_new and page == PAGES[0].name:
        _go_to(at.tour, at.number, st.query_params.to_dict())
        _turn_the_page(page)
    return page


def _turn_the_page(page: str) -> None:
    """Show the page that a change of stop asked for in place of this one."""
    wanted = st.session_state.pop(GOING, page)
    if wanted and wanted != page:
        st.switch_page(file_of(wanted), query_params=state.link_parameters())


def begin(name: str, number: int = 1) -> None:
    """Begin a tour."""
    at = place_of(name, number)
    if at:
        if not here():
            st.session_state[BEFORE] = state.as_link()
        _go_to(at.tour, at.number)


def step(by: int) -> None:
    """Go on or back by so many stops; after the last one the tour is over."""
    at = here()
    if not at:
        return
    number = at.number + by
    if number > len(at.tour.stops):
        leave()
        st.session_state.pop(LEFT)
    elif number >= 1:
        _go_to(at.tour, number)


def go_back_to_page() -> None:
    """Turn to the stop's page and set what the stop sets."""
    if at := here():
        _go_to(at.tour, at.number)


def show_the_try() -> None:
    """Set what the stop lets a reader try."""
    if (at := here()) and at.stop.tried:
        _go_to(at.tour, at.number, dict(at.stop.tried))


def leave() -> None:
    """Leave the tour: what was set before it, or the usual, is set; the stop is kept for later."""
    if not here():
        return
    left = state.as_link()
    st.session_state[LEFT] = left, st.session_state.get(ON, "")
    state.take_all(st.session_state.pop(BEFORE, None) or links.read({}))
    state.update(tour="", stop=1)


def left_at() -> AtStop | None:
    """The stop at which a tour was left; None where none was, or one is on."""
    if LEFT not in st.session_state or here():
        return None
    left: Link = st.session_state[LEFT][0]
    return place_of(left.view.tour, left.view.stop)


def take_up() -> None:
    """Go on where a tour was left, on the same page and with the same settings."""
    if not left_at():
        return
    left, page = st.session_state.pop(LEFT)
    st.session_state[BEFORE] = state.as_link()
    state.take_all(left)
    st.session_state[GOING] = page


def note_done(at: AtStop, page: str) -> bool:
    """Whether the stop is done, now or before; it stays so."""
    done: set[tuple[str, int]] = st.session_state.setdefault(DONE, set())
    if stop_is_done(at.stop, state.as_link(), page):
        done.add((at.tour.name, at.number))
    return (at.tour.name, at.number) in done


def done_stops(tour: Tour) -> set[int]:
    """The numbers of the tour's stops that are done."""
    done: set[tuple[str, int]] = st.session_state.get(DONE, set())
    return {number for name, number in done if name == tour.name}


def _go_to(tour: Tour, number: int, further: dict[str, str] | None = None) -> None:
    """Set what a stop sets, with further parameters of a link on top, and ask for its page."""
    stop = tour.stops[number - 1]
    given = links.read(dict(stop.settings) | (further or {}))
    now = state.view()
    view = given.view.changed(
        tour=tour.name,
        stop=number,
        stage=now.stage,
        stage_controls=now.stage_controls,
        hide=now.hide,
    )
    state.take_all(Link(given.scenario, view, given.training, []))
    st.session_state[GOING] = stop.page
