"""The parts of the page “Rank”.

words
    What each rank costs, in words, a formula and a table.
sweep, new_sweep, rates
    What a sweep measured; a new one; how its learning rates were chosen.
"""
