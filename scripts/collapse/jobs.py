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
    with open(log, "w", buffering=1, encoding="utf-8") as file:
        sys.stdout.flush(), sys.stderr.flush()
        os.dup2(file.fileno(), 1), os.dup2(file.fileno(), 2)
        sys.stdout = sys.stderr = file
        try:
            yield
        except UserError as error:
            print(error)
            _stop(terminal, str(error))
        except OSError as error:
            traceback.print_exc()
            _stop(terminal, f"{error.filename or log}: {error.strerror}; mend that and run again.")
        except Exception as error:
            traceback.print_exc()
            _stop(terminal, f"{type(error).__name__}: {error} (traceback in {log}).")
        total = time.process_time()
        print(f"done: {total:.2f} s CPU, of which {started:.2f} s to start up")


def _stop(terminal, sentence):
    print(f"\nERROR: {sentence}\n", file=terminal, flush=True)
    sys.stdout.flush()
    # not sys.exit: nothing of the job may be written after this
    os._exit(1)
