"""The colours and fonts of the layer map: the theme's on a page, the light theme's in a file."""

from __future__ import annotations

from lora_viz.figures.kit.colours import BORDER, INK, PANEL, STYLES, colour
from lora_viz.figures.kit.fonts import SIGN_FONT, TEXT_FONT

GREY, GREY_WORDS = colour("activations"), STYLES["activations"].on_light
STYLE = f"""
text {{ fill: var(--st-text-color, {INK["light"]}); font-family: {TEXT_FONT}; font-size: 12px; }}
.sign, .name, .line, .small {{ font-family: {SIGN_FONT}; }}
.name {{ font-size: 12px; font-weight: 700; }}
.line, .sign {{ font-size: 11px; }}
.small, .small-text {{ font-size: 10px; fill: var(--st-gray-text-color, {GREY_WORDS}); }}
.small-text {{ font-size: 11px; }}
.title {{ font-size: 13px; font-weight: 700; }}
.W, .sign {{ fill: var(--st-blue-text-color, {STYLES["frozen"].on_light}); }}
.A, .adapted .sign.A {{ fill: var(--st-yellow-text-color, {STYLES["A"].on_light}); }}
.B, .adapted .sign, .magnitude {{ fill: var(--st-orange-text-color, {STYLES["B"].on_light}); }}
.adapted .sign.W {{ fill: var(--st-blue-text-color, {STYLES["frozen"].on_light}); }}
.ground {{ fill: var(--st-secondary-background-color, {PANEL["light"]}); }}
.face {{ fill: {colour("frozen")}; fill-opacity: 0.1; stroke: {colour("frozen")}; }}
.adapted .face {{ fill: {colour("B")}; stroke: {colour("B")}; stroke-width: 2; }}
.weight {{ fill: {colour("frozen")}; }}
.part, .panel {{ fill: none; stroke: var(--st-border-color, {BORDER["light"]}); }}
.panel {{ stroke: var(--st-gray-color, {GREY}); }}
.computation {{ fill: none; stroke: var(--st-gray-color, {GREY}); stroke-dasharray: 4 3; }}
.zoom {{ fill: var(--st-gray-color, {GREY}); fill-opacity: 0.12; }}
.opened .front {{ stroke: var(--st-text-color, {INK["light"]}); stroke-width: 2; }}
.join {{ font-size: 14px; }}
.flow {{ stroke: var(--st-gray-color, {GREY}); }}
.flow-head {{ fill: var(--st-gray-color, {GREY}); }}
"""
