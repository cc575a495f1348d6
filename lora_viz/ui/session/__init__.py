"""One reader's session.

state
    Its scenario, view and training settings.
view
    What is looked at, which changes no answer.
links
    The one place where an address becomes settings.
short_links
    Words that stand for a whole address.
frames
    What may be done within somebody else's page.
"""
