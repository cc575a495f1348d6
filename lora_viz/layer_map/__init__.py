"""A model as a tree of blocks and layers.

tree
    `LayerTree`.
block_parts, mapped_layer
    The parts of a block, and a layer with what is adapted of it.
"""
