"""Questions to a reader about what a page computes, to be guessed before the truth is seen.

prediction
    One question as data: its right answer, wrong ones that are real mistakes, and the reason.
facts
    What a page already knows, of which questions are made; nothing is asked for a question.
asking
    A choice or a bar from an answer and its mistakes.
mistakes
    What somebody has thought who chooses a wrong answer.
one_layer, counts, files, runs, steps, failures, published
    The questions by subject: each a function of the facts, which answers None where it lacks some.
of_pages
    Which questions belong to which page.
"""
