"""ΔW rebuilt from B and A.

rebuild
    An example ΔW, fitted at every rank.
trained
    The real ΔW of a full fine-tuning run.
by_torch
    What fits B and A, and what is best. It loads torch.
ask
    What a worker is asked: it loads torch only when it is called.
"""
