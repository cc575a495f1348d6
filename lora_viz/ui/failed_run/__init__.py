"""The parts of the page “Out of memory”.

given
    The snapshot or the message that a reader gave, read.
words
    What it says beside the simulated step.
"""
