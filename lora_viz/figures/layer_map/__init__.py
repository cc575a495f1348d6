"""The map of a whole model, as SVG.

picture
    The map: a column of blocks next to one that is open.
column, block, card, style
    Its parts.
"""
