"""Cards, and the GPUs of this machine.

cards
    The table of cards.
gpus_here
    What NVML says of this machine.
torch_here, ask
    What torch can use here; `read_torch`, which a worker runs.
"""
