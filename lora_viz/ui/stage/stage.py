"""A page on stage: its style, the bar below it, and what comes next."""

from __future__ import annotations

import streamlit as st

from lora_viz.i18n import _
from lora_viz.ui import page_list
from lora_viz.ui.kit.keyboard import Keys, listen
from lora_viz.ui.page_list import PAGES
from lora_viz.ui.session import state
from lora_viz.ui.stage import hidden, rooms
from lora_viz.ui.stage.fitting import fit_pictures
from lora_viz.ui.tour import guide

GOING, ROOM = "stage-going", "stage-room"
LEFT_OUT = ("side", "tabs", "end")
# Presenters' clickers send Page Up and Page Down; a slider, a menu or a text keeps its arrow keys.
KEYS = Keys(
    {"ArrowRight": "next", "ArrowLeft": "back", "Escape": "leave"},
    taken_by=("input", *(f"[role={role}]" for role in ("slider", "radiogroup", "tablist", "tree"))),
    anywhere={"PageDown": "next", "PageUp": "back"},
    swipes={"left": "next", "right": "back"},
)
# Charts are drawn for a place that is smaller by the factor --stage-chart, and enlarged by it, so
# that their words grow; below 1 it is the other way round. `fitting_assets/fitting.js` sets it: a
# picture fits the window if it can.
STYLE = """<style>
:root { --stage: clamp(1.15, calc(100vw / 1000px), 1.9); --picture-height: calc(100vh - 15rem); }
@media (max-width: 640px) { :root { --stage: 1; --picture-height: none; } }
html { font-size: calc(16px * var(--stage)); }
[data-testid="stHeader"], [data-testid="stSidebar"] { display: none; }
.st-key-ways-in, .st-key-tour, .chart-save { display: none; }
[data-testid="stMainBlockContainer"] { padding: 0.8rem clamp(1rem, 3vw, 4rem) 3rem; }
[data-testid="stMain"] h1 { font-size: 1.7rem; margin-top: 0; }
[data-testid="stMain"] [data-testid="stHorizontalBlock"] { gap: 1rem; }
.key-number { font-size: 3.2rem; }
@media (min-width: 641px) {
  .chart-figure, .chart-place > .chart-beforehand {
    transform: scale(var(--stage-chart, 1)); transform-origin: 0 0;
  }
  .chart-figure {
    width: calc(100% / var(--stage-chart, 1));
    margin-bottom: calc(var(--chart-height, 0px) * (var(--stage-chart, 1) - 1));
  }
}
.st-key-stage-bar {
  position: fixed; inset: auto 1rem 0.3rem auto; width: auto; z-index: 100; padding: 0.2rem 0.6rem;
  background: color-mix(in srgb, Canvas 85%, transparent); border-radius: 0.6rem;
}
.st-key-stage-bar { zoom: 0.75; }
.st-key-stage-bar button { min-height: 0; padding: 0.1rem 0.7rem; }
.st-key-stage-keys, .st-key-stage-fitting {
  position: absolute; width: 1px; height: 1px; overflow: hidden;
}
</style>"""
CHOICES_IN_PICTURE = """<style>
.st-key-area-picture [data-testid="stElementContainer"]:has(> [data-testid="stButtonGroup"]) {
  display: none;
}
</style>"""


def turn_the_page() -> None:
    """Turn to the page that a key on stage asked for, if one did."""
    wanted = st.session_state.pop(GOING, None)
    if wanted:
        st.switch_page(page_list.file_of(wanted), query_params=state.link_parameters())


def set_stage(page: str) -> None:
    """Make a page fit the stage, and tell the window with the notes where it is."""
    view = state.view()
    rooms.say_where(own_room(), rooms.OnStage(page, view.tour, view.stop))
    st.html(STYLE)
    if view.stage_controls:
        hidden.hide(LEFT_OUT)
    else:
        st.html(CHOICES_IN_PICTURE)
        hidden.hide((*LEFT_OUT, "controls"))
    listen(KEYS, "stage-keys", on_press=_do_on_stage)
    fit_pictures()


def bar(page: str) -> None:
    """Below the page: where it is, and what the keys do, for a hand or a mouse."""
    number, count = _place(page)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="stage-bar"):
        st.button("←", key="stage-back", help=_("Back: ← or Page Up"), on_click=turn, args=(-1,))
        st.markdown(f"{number} / {count}", width="content")
        st.button("→", key="stage-next", help=_("Next: → or Page Down"), on_click=turn, args=(1,))
        st.button(
            _("Hide the controls") if state.view().stage_controls else _("Controls"),
            key="stage-controls",
            on_click=_switch_controls,
        )
        st.button(
            _("Leave the stage"),
            key="stage-leave",
            help=_("Or the key Escape."),
            on_click=leave_stage,
        )


def own_room() -> str:
    """The name of this session's room."""
    return st.session_state.setdefault(ROOM, rooms.new_room())


def turn(by: int) -> None:
    """Go to the tour's next or last stop where one is on, else to the next or last page."""
    if guide.here():
        guide.step(by)
        return
    wanted = page_list.number_of(st.session_state[guide.ON]) + by
    if 1 <= wanted <= len(PAGES):
        st.session_state[GOING] = PAGES[wanted - 1].name


def leave_stage() -> None:
    """Show the page as ever."""
    state.update(stage=False, stage_controls=False)


def _switch_controls() -> None:
    state.update(stage_controls=not state.view().stage_controls)


def _do_on_stage(meaning: str) -> None:
    if meaning == "leave":
        leave_stage()
    elif meaning in ("next", "back"):
        turn(1 if meaning == "next" else -1)


def _place(page: str) -> tuple[int, int]:
    """The number of the view, counted from 1, and how many there are."""
    if at := guide.here():
        return at.number, len(at.tour.stops)
    return page_list.number_of(page), len(PAGES)
