"""The parts of the page “Training lab”.

settings
    The task, its data, how long and how fast.
start
    What stands before a start, and the button.
progress, results
    A run as it goes on, and what it found out.
words
    What the tabs say.
"""
