"""The colours and fonts of the layer map: the theme's on a page, the light theme's in a file."""

from __future__ import annotations

from lora_viz.figures.kit.colours import colour
from lora_viz.figures.kit.fonts import SIGN_FONT, TEXT_FONT

STYLE = f"""
text {{ fill: var(--st-text-color, #1F2A33); font-family: {TEXT_FONT}; font-size: 12px; }}
.sign, .name, .line, .small {{ font-family: {SIGN_FONT}; }}
.name {{ font-size: 12px; font-weight: 700; }}
.line, .sign {{ font-size: 11px; }}
.small, .small-text {{ font-size: 10px; fill: var(--st-gray-text-color, #5C6975); }}
.small-text {{ font-size: 11px; }}
.title {{ font-size: 13px; font-weight: 700; }}
.W, .sign {{ fill: var(--st-blue-text-color, #2F6B99); }}
.A, .adapted .sign.A {{ fill: var(--st-yellow-text-color, #8A5F00); }}
.B, .adapted .sign, .magnitude {{ fill: var(--st-orange-text-color, #B34F00); }}
.adapted .sign.W {{ fill: var(--st-blue-text-color, #2F6B99); }}
.ground {{ fill: var(--st-secondary-background-color, #FFFFFF); }}
.face {{ fill: {colour("frozen")}; fill-opacity: 0.1; stroke: {colour("frozen")}; }}
.adapted .face {{ fill: {colour("B")}; stroke: {colour("B")}; stroke-width: 2; }}
.weight {{ fill: {colour("frozen")}; }}
.part, .panel {{ fill: none; stroke: var(--st-border-color, #D8DFE6); }}
.panel {{ stroke: var(--st-gray-color, #7C8B99); }}
.computation {{ fill: none; stroke: var(--st-gray-color, #7C8B99); stroke-dasharray: 4 3; }}
.zoom {{ fill: var(--st-gray-color, #7C8B99); fill-opacity: 0.12; }}
.opened .front {{ stroke: var(--st-text-color, #1F2A33); stroke-width: 2; }}
.join {{ font-size: 14px; }}
.flow {{ stroke: var(--st-gray-color, #7C8B99); }}
.flow-head {{ fill: var(--st-gray-color, #7C8B99); }}
"""
