"""The sections of a report, each from the functions that its page draws with.

counts
    What is trained of the whole model.
layer
    One layer trained both ways, to scale and in bytes.
step
    A training step against the card, and on its way.
files
    What is saved.
ranks
    What each rank costs.
cards
    On which cards each method fits: the planner's answer.
compared
    Scenarios side by side.
curves
    Runs and their losses.
"""
