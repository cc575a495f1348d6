"""The parts of the page “Training process”.

player
    A real run's snapshots, played.
words
    The explainer's epochs: cards, the formula, the table.
"""
