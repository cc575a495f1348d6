"""Cards, and the GPUs of this machine.

cards
    The table of cards.
gpus_here
    What NVML and torch say of this machine.
torch_here
    What PyTorch could train on here, as plain data.
ask
    What a worker is asked: it loads torch only when it is called.
"""
