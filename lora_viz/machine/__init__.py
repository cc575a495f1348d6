"""Cards, and the GPUs of this machine.

cards
    The table of cards.
gpus_here
    What NVML and torch say of this machine.
"""
