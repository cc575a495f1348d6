"""The parts of the page “Memory”.

answers
    Simulated steps, by method and with one thing changed.
pieces
    A step as coloured pieces and table rows.
needs
    What a step needs of a card: the same number on every page.
words
    Cards, formulas and sources.
"""
