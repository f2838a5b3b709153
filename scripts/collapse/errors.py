"""The one exception that stands for a user's mistake or a broken environment."""


class UserError(Exception):
    """One sentence: what is wrong, where, what was found, what was expected, what to do."""
