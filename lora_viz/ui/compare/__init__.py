"""The parts of the page “Compare”.

answers
    What is known of each scenario.
words
    The table, its buttons and its link.
"""
