"""The questions at the end of every page, to be answered before the truth is drawn.

box
    The closed box below a page; what is in it is made when somebody opens it.
known
    What the page already knows, of which its questions are made.
questions
    The questions as they are drawn.
answers
    A session's answers, which nobody keeps, and the files in which a reader can.
"""
