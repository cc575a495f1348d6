"""The one kind of error that is meant for a reader."""


class UserError(ValueError):
    """Something a reader asked for cannot be done.

    Its message is one translated sentence that names what is wrong and what would be right.
    """
