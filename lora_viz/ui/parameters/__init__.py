"""The parts of the page “Parameters”.

bars
    The legend of bars.
target_trap
    A short target name that matches more layers.
words
    Words, the formula and the table.
"""
