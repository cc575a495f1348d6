"""The parts of the page “Planner”.

answers
    The step of each column on each class of card.
grid, search, time
    The grid; how far a scenario can go; seconds per step.
words
    What the tabs say.
"""
