"""The parts of the page “Compare runs”.

words
    Settings, results and what can be done.
"""
