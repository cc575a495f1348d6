"""The parts of the page “Planner”.

answers
    The step of each column on each class of card.
grid, search, several_cards, time
    The grid; how far a scenario can go; how many cards are enough; seconds per step.
words
    What the tabs say.
"""
