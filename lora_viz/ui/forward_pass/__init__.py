"""The parts of the page “Forward pass”.

words
    Numbers, the steps' story and tables.
formula
    The formulas of one pass.
"""
