"""The parts of the page “Bring your own”.

given
    The file or text that a reader gave, read, and its settings taken over.
words
    What was understood of it and what was not; what the scenario then costs.
known_number
    The reverse question: which adapters have a number that the reader knows.
"""
