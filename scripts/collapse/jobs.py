"""What every workflow job does around its science: log, report a mistake, account for time."""

import contextlib
import os
import sys
import time
import traceback

from collapse.errors import UserError


@contextlib.contextmanager
def job(log):
    """Run an adapter's body with all its output in the job's log.

    A `UserError` becomes one sentence in the log and on the terminal; any other exception leaves
    its traceback in the log and one sentence on the terminal. Both end the process with status 1.

    Parameters
    ----------
    log : str
        Path of the job's log file.
    """
    started = time.process_time()
    terminal = os.fdopen(os.dup(2), "w")
    try:
        sys.stdout = sys.stderr = file = open(log, "w", buffering=1, encoding="utf-8")  # noqa: SIM115
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        yield
        total = time.process_time()
        print(f"done: {total:.2f} s CPU, of which {started:.2f} s to start up")
    except UserError as error:
        _stop(terminal, str(error))
    except OSError as error:
        place = error.filename or f"the job of {log}"
        _stop(terminal, f"{place}: {error.strerror or error}; mend that and run again.", trace=True)
    except Exception as error:
        _stop(terminal, f"{type(error).__name__}: {error} (traceback in {log}).", trace=True)


def _stop(terminal, sentence, *, trace=False):
    """End the process, the sentence on the terminal and in the log."""
    print(f"\nERROR: {sentence}\n", file=terminal, flush=True)
    with contextlib.suppress(OSError):  # a full disk has no room for the log either
        if trace:
            traceback.print_exc()
        print(f"ERROR: {sentence}")
        sys.stdout.flush()
    # not sys.exit: nothing of the job may run after this
    os._exit(1)
