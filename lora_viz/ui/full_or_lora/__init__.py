"""The parts of the page “Full or LoRA”.

words
    Words, formulas and the table.
"""
