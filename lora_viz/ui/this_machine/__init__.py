"""The parts of the page “This machine”.

words
    Its GPUs at this moment, and what torch can use.
"""
