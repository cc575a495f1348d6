"""The parts of the page “Layer map”.

map
    The picture whose layers and blocks can be clicked.
words
    What is said beside and below it.
"""
