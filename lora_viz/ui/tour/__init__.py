"""Guided tours on the pages: a bar at their top, the part that is pointed out, the ways in.

guide
    Where a reader is in a tour; forward, back, away, and taken up again.
courses
    The tours that there are, and what one may name.
progress
    Whether a stop is done.
bar
    What a stop says, its buttons, and the keys that go forward and back.
pointing
    The outline round a part of the page.
ways_in
    Where tours begin: the start page and the sidebar, and a course's own file.
"""
