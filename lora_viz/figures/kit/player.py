"""A play button, a pause button and a slider over the frames of a moving picture."""

from __future__ import annotations

from collections.abc import Sequence

from lora_viz.figures.kit.base import Drawing
from lora_viz.figures.kit.colours import NEUTRAL
from lora_viz.figures.kit.fonts import NUMBER_FONT
from lora_viz.i18n import _

MILLISECONDS = 450


def add_player(drawing: Drawing, steps: Sequence[int], active: str) -> None:
    """Play, pause and a slider in the lowest pixels; each step has a frame of its name.

    The slider stands at the last step, from which Plotly plays all from the first.
    """
    at_once = {"mode": "immediate", "transition": {"duration": 0}}
    playing = at_once | {"frame": {"duration": MILLISECONDS, "redraw": True}, "fromcurrent": True}
    standing = at_once | {"frame": {"duration": 0, "redraw": True}}
    drawing.update_layout(
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "showactive": False,
                "x": 0,
                "y": 0,
                "xanchor": "left",
                "yanchor": "bottom",
                "pad": {"l": 2, "b": 18, "r": 0, "t": 0},
                "bgcolor": "rgba(138,150,163,0.18)",
                "borderwidth": 0,
                "font": {"size": 14},
                "buttons": [
                    {"label": "▶", "method": "animate", "args": [None, playing]},
                    {"label": "❚❚", "method": "animate", "args": [[None], standing]},
                ],
            }
        ],
        sliders=[
            {
                "active": len(steps) - 1,
                "x": 0.32,
                "len": 0.67,
                "y": 0,
                "xanchor": "left",
                "yanchor": "bottom",
                "pad": {"l": 0, "r": 0, "t": 0, "b": 4},
                "currentvalue": {"prefix": _("Step: "), "font": {"size": 13}, "offset": 6},
                "bgcolor": "rgba(138,150,163,0.35)",
                "activebgcolor": active,
                "bordercolor": NEUTRAL,
                "font": {"size": 11, "family": NUMBER_FONT},
                "tickcolor": NEUTRAL,
                "steps": [
                    {
                        "label": str(step),
                        "method": "animate",
                        "args": [[str(step)], standing],
                    }
                    for step in steps
                ],
            }
        ],
    )
