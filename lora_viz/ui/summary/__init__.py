"""The parts of the page “Summary”.

pairs
    The comparisons, ready to be drawn.
words
    Memory and quality in words.
"""
