"""What every workflow job does around its science: log, report mistakes, account for time."""

import contextlib
import os
import resource
import sys
import time
import traceback

from collapse.errors import UserError

from pipeline import faults, origin, paths, records, soundness


@contextlib.contextmanager
def job(adapter):
    """Run an adapter's body with all its output in the job's log.

    A `UserError` becomes one line in the log and on the terminal; any other exception leaves its
    traceback in the log and one line on the terminal. Both end the process with status 1. Outputs
    that hold no finite numbers are such a mistake, see `pipeline.soundness`. A job that has made
    its outputs writes a record of them, see `pipeline.records`. The log's last line holds time and
    memory, for ``make timings``.

    Parameters
    ----------
    adapter : object
        With the job's ``log``, ``rule``, ``input``, ``output`` and ``params``: what Snakemake gives
        to a script.
    """
    start_up, started = time.process_time(), time.perf_counter()
    terminal, log = os.fdopen(os.dup(2), "w"), adapter.log[0]
    try:
        sys.stdout = sys.stderr = file = open(log, "w", buffering=1, encoding="utf-8")  # noqa: SIM115
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        record = records.begin(adapter)
        soundness.check_inputs(adapter)
        yield
        soundness.check_outputs(adapter)
        origin.check(getattr(adapter, "scriptdir", paths.SCRIPTS))
        record()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"done: {adapter.rule}: {time.perf_counter() - started:.2f} s, "
            f"{time.process_time():.2f} s CPU of which {start_up:.2f} s to start up, "
            f"peak {peak:.0f} MiB"
        )
    except UserError as error:
        _stop(terminal, faults.without_advice(str(error)))
    except OSError as error:
        place = error.filename or faults.being_read(error) or f"the job of {log}"
        reason = error.strerror or error
        _stop(terminal, f"{place}: {reason}. Fix this, then run again.", trace=True)
    except Exception as error:
        reason = faults.explained(error, adapter.input)
        _stop(terminal, f"{reason} (traceback in {log}).", trace=True)


def _stop(terminal, line, *, trace=False):
    """End the process, with the line on the terminal and in the log."""
    print(f"\nERROR: {line}\n", file=terminal, flush=True)
    with contextlib.suppress(OSError):  # a full disk has no room for the log either
        if trace:
            traceback.print_exc()
        print(f"ERROR: {line}")
        sys.stdout.flush()
    # not sys.exit: nothing of the job may run after this
    os._exit(1)
