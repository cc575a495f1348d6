"""Files that training saves, to the byte.

sizes
    The adapter, the full model and the optimizer state.
parts
    What the bytes of a file are spent on.
file_formats
    The rules of safetensors and of torch.save.
ask
    `read_model_files` and `read_optimizer_layout`, which a worker runs.
by_torch
    What the libraries would write. It loads torch.
"""
