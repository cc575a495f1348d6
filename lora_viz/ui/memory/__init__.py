"""The parts of the page “Memory”.

answers
    Simulated steps, by method and with one thing changed.
words
    Cards, formulas and sources.
"""
