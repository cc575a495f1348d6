"""One reader's session.

state
    Its scenario, view and training settings.
view
    What is looked at, which changes no answer.
links
    The one place where an address becomes settings.
frames
    What may be done within somebody else's page.
"""
