"""From a model's name to its layers.

catalogue
    The models that the application knows by name.
known_names
    What people write for them.
hub_names
    Which names on the hub mean one of those.
usual
    What people usually train a model with.
source
    From a name, a folder, an upload or sizes to a configuration.
architecture, layer_kinds
    Its layers as plain data, and what they are for.
ask
    `read_architecture`, which a worker runs.
meta, changed, by_torch, alike_blocks
    The model built without weights; with another head or vocabulary; what is read off it; blocks
    that stand for others. They load torch.
"""
