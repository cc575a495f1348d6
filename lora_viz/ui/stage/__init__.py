"""The application in front of people: one picture and one sentence, in large type.

stage
    What a page looks like on stage, the bar below it, and the way from view to view.
fitting
    How large a picture is.
hidden
    The parts of a page and the controls that a link leaves out.
rooms
    Where a stage is, for the window of its speaker's notes.
notes
    That window, which follows the stage.
entrance
    The part of the sidebar that leads here, and what a course page needs to frame a page.
"""
