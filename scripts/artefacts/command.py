"""What every command of this package does around its work: the folder, the lock, one sentence."""

import os
import sys
from pathlib import Path

from collapse.errors import UserError

from artefacts import lock

ROOT = Path(__file__).resolve().parents[2]


def run(main, *, alone=True):
    """Call `main` in the project's folder; a `UserError` ends it with one sentence and status 1.

    Parameters
    ----------
    main : callable
        Returns the exit status, or None for 0.
    alone : bool
        Hold the folder's lock, so that no other command changes what this one looks at.
    """
    os.chdir(ROOT)
    try:
        if not alone:
            sys.exit(main())
        _check_writable()
        with lock.exclusive(ROOT):
            sys.exit(main())
    except UserError as error:
        sys.exit(f"ERROR: {error}")
    except BrokenPipeError:  # whoever reads what is printed has seen enough
        os._exit(1)
    except OSError as error:
        place = error.filename or "this folder"
        sys.exit(f"ERROR: {place}: {error.strerror or error}; mend that and run again.")
    except KeyboardInterrupt:
        sys.exit("\nstopped; the same command goes on from here")


def arguments(*names):
    """The command's arguments, empty where not given."""
    given = sys.argv[1:]
    return [*given, *[""] * (len(names) - len(given))][: len(names)]


def _check_writable():
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=".") as file:
            file.write(b"\0" * 2**20)
    except OSError as error:
        raise UserError(
            f"{ROOT} cannot be written to ({error.strerror}): mend that, run again."
        ) from error
