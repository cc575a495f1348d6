"""The parts of the page “Audit”.

answers
    The findings, and how verdicts are named.
"""
