"""The explainer that the application follows: its figures, and what becomes of them.

epochs
    Its four epochs.
audit
    A verdict on each of its numbers.
"""
