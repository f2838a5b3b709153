"""The exception for mistakes that users can correct."""


class UserError(Exception):
    """A user's mistake or a broken environment, as one line.

    The line names the place, what was found, what was expected, and what to do.
    """
