"""The explainer that the application follows: its figures, and what becomes of them.

quotes
    All that is quoted from it, each figure once and with its section.
epochs
    Its four epochs, and what exp(loss) says beside them.
audit
    A verdict on each of its numbers.
"""
