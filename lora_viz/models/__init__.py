"""From a model's name to its layers.

catalogue
    The models that the application knows by name.
source
    From a name, a folder, an upload or sizes to a configuration.
architecture, layer_kinds
    Its layers as plain data, and what they are for.
meta, alike_blocks
    The model built without weights; blocks that stand for others. They load torch.
by_torch
    What is read off a built model. It loads torch.
ask
    What a worker is asked: it loads torch only when it is called.
"""
