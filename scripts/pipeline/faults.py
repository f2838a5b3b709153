"""Name the file behind an error: one that is damaged, or one whose reading failed."""

import os
import re
import traceback
from pathlib import Path

# of numpy.load and numpy.lib.format.read_array
ADVICE = re.compile(
    r"This file contains pickled .*?pickle\.load\(\)`\.|[\w ]+ when allow_pickle=False"
)


def explained(error, inputs):
    """Why a job failed, with the file that is at fault if there is one, as one line.

    Parameters
    ----------
    error : Exception
    inputs : sequence of str
        Paths of what the job reads.

    Returns
    -------
    str
        Without a full stop.
    """
    from pipeline import records  # imports NumPy

    if found := records.damaged(inputs):
        return f"{found[0]} is damaged, as its record shows: run again, which makes it again"
    file = being_read(error)
    return f"{file}: {reason(error)}" if file else reason(error)


def reason(error):
    """The kind of an error and the first line of its message."""
    text = without_advice(str(error).strip())
    return f"{type(error).__name__}: {next(iter(text.splitlines()), 'no reason given')}"


def without_advice(text):
    """A message without NumPy's advice to unpickle a file that is damaged."""
    return ADVICE.sub("it does not hold plain arrays", text)


def being_read(error):
    """The file that an exception was raised about, or None.

    That is the path in the innermost function which has the path of a file as a local variable:
    the reader, not the parser below it, which knows bytes only.

    Parameters
    ----------
    error : Exception
        That was raised.

    Returns
    -------
    str or None
    """
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    # the first reads nothing: it catches the error, and may know the path of a log
    for frame in reversed(frames[1:]):
        for value in frame.f_locals.values():
            if isinstance(value, str | Path) and _is_data(value):
                return str(value)
    return None


def _is_data(path):
    try:
        return os.path.isfile(path) and not str(path).endswith((".py", ".smk"))
    except (OSError, ValueError):  # text that is no path
        return False
