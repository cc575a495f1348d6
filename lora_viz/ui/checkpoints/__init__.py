"""The parts of the page “Checkpoints”.

answers
    The sizes of all that a run saves.
words
    Cards, formulas, the table and sources.
explainer_story
    Where the explainer's number comes from.
"""
