"""The layer map on a page: the drawing whose layers and blocks can be pressed."""

from __future__ import annotations

import streamlit as st

from lora_viz.adapter.target_choice import toggle
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.layer_map.picture import MapSettings, layer_map_svg
from lora_viz.i18n import _
from lora_viz.layer_map.tree import LayerTree
from lora_viz.ui.kit import asking, controls
from lora_viz.ui.kit.messages import show_warning
from lora_viz.ui.kit.svg_picture import WIDTHS, svg_picture
from lora_viz.ui.session import state

KEY = "layer-map"


def layer_map(tree: LayerTree, opened: str, scenario: Scenario) -> None:
    """Draw the map with one block opened; what is pressed changes the targets or that block."""
    settings = MapSettings(scenario.rank, scenario.batch_size, scenario.seq_len)
    drawings = [layer_map_svg(tree, opened, settings, width) for width in WIDTHS]
    svg_picture(drawings, KEY, on_toggled_change=_toggle, on_opened_change=_open)


def choose_block(blocks: tuple[str, ...]) -> str:
    """Draw the list of blocks and return the name of the chosen one; empty without any blocks."""
    if not blocks:
        return ""
    chosen = state.view().block
    if chosen and chosen not in blocks:
        show_warning(_("This model has no block “%s”; the first one is shown.") % chosen)
        state.update(block="")
    controls.select("block", ("", *blocks[1:]), words=lambda name: name or blocks[0])
    return state.view().block or blocks[0]


def _toggle() -> None:
    """Add what was pressed to the target modules, or take it from them."""
    kind = st.session_state[KEY].toggled
    if not kind:
        return
    try:
        choice = toggle(state.scenario(), asking.architecture(), asking.adapter_layout(), kind)
    except UserError as error:
        state.complain(str(error))
        return
    state.update(target_modules=choice.targets)
    if choice.widened:
        state.complain(
            _("The targets are now names, which match all blocks; before, only some had %s.")
            % ", ".join(choice.widened)
        )


def _open() -> None:
    """Show the block that was pressed; the first one needs no place in the link."""
    name = st.session_state[KEY].opened
    if name:
        first = asking.architecture().blocks[:1]
        state.update(block="" if name in first else name)
