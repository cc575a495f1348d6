"""ΔW rebuilt from B and A.

rebuild
    An example ΔW, fitted at every rank.
trained
    The real ΔW of a full fine-tuning run.
"""
