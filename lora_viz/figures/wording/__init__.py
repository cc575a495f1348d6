"""What things are called, the same on every page, in reports and on the command line.

names
    Models, methods and runs.
pieces
    The kinds of memory in words and colours; a simulated step as pieces and table rows.
needs
    What a step needs of a card: the same number everywhere.
sharding
    A step on several cards: what its numbers rest on.
failures
    Why a run had no memory left.
counted
    Counted parameters as parts of bars.
setting
    A setting's value.
"""
