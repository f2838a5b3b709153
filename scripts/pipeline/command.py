"""What surrounds every command: the project's folder, its lock, and errors in one line.

Commands that need no lock use the standard library alone: ``venv`` runs before any package is
installed, also with Python versions that the project refuses.
"""

import json
import os
import sys
import tempfile

from collapse.errors import UserError

from pipeline import variables

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def call(function, *, alone=True):
    """Call a command's function in the project's folder, and return the exit status.

    Mistakes of the user and failures of the operating system are printed in one line; nobody sees a
    traceback for them.

    Parameters
    ----------
    function : callable
        Takes nothing; returns the exit status, or None for 0.
    alone : bool
        Hold the folder's lock, so that no other command changes what this one reads.

    Returns
    -------
    int
    """
    os.chdir(ROOT)
    try:
        variables.prepare()
        return _locked(function) if alone else function() or 0
    except UserError as error:
        return _fail(str(error))
    except BrokenPipeError:  # the reader of the output has stopped reading
        os._exit(1)
    except OSError as error:
        place = error.filename or "this folder"
        return _fail(f"{place}: {error.strerror or error}. Fix this, then run the command again.")
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        from pipeline import faults

        place = faults.being_read(error) or "a file"
        return _fail(f"{place} is damaged ({faults.reason(error)}): restore it, then run again.")
    except KeyboardInterrupt:
        print("\nstopped; run the same command to resume", file=sys.stderr)
        return 1


def _locked(function):
    from pipeline import lock

    check_writable(ROOT)
    with lock.exclusive(ROOT):
        return function() or 0


def check_writable(folder):
    """Raise a UserError if nothing can be written to a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 2**20)
    except OSError as error:
        raise UserError(
            f"{folder} is not writable ({error.strerror}). Fix this, then run the command again."
        ) from error


def _fail(lines):
    """Print an error, which may have several lines, and return the status of a failed command."""
    sys.stdout.flush()
    for line in lines.splitlines():
        print(line if line.startswith("ERROR: ") else f"ERROR: {line}", file=sys.stderr)
    return 1
