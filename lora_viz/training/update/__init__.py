"""ΔW rebuilt from B and A.

rebuild
    `Rebuild`, what is missed at every rank, and the size of an example ΔW.
trained
    The real ΔW of a full fine-tuning run.
ask
    `rebuild_example` and `rebuild_trained`, which a worker runs.
by_torch
    The fit itself. It loads torch.
"""
