"""A table below the lines on a terminal: elapsed and remaining time of each family of jobs.

Both times are shares of the machine: seconds of the family's jobs, divided by the cores.
"""

import logging
import os
import threading
import time
from datetime import timedelta

from collapse.errors import UserError

from pipeline import configuration

FAMILIES = ("data", *configuration.FAMILIES, "tables and figures")
END = b"\0\n"  # ends what is written to the pipe


def is_wanted(quiet):
    """Whether standard error is a terminal that can be drawn on, and the user allows it."""
    allowed = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return allowed and os.isatty(2) and not {"ALL", "PROGRESS"} & {item.name for item in quiet}


def family_of(path):
    """The family of the job that makes a file; tables, figures and the report are one."""
    parts = path.split("/")
    found = parts[2] if parts[0] == "results" else parts[0]
    return found if found in FAMILIES else FAMILIES[-1]


def expected(jobs, config):
    """Seconds of each job as ``make plan`` estimates them; all equal for an unknown model."""
    from pipeline import costs, estimate

    measured = costs.measured()
    try:
        config = costs.with_blocks(config, measured["blocks"])
        rates = costs.rates(measured["runs"], config)
    except UserError:
        return [1.0] * len(jobs)
    return [estimate.estimate(job, config, rates).seconds for job in jobs]


def rows(jobs, started, took, cores, now):
    """Jobs and times of each family and of all.

    Parameters
    ----------
    jobs : dict of int to (str, float)
        By job number: its family and its expected seconds.
    started, took : dict of int to float
        When running jobs started, and the seconds of finished ones.
    cores : int
    now : float

    Returns
    -------
    list of tuple
        Name, finished jobs, jobs, elapsed and remaining seconds. Expected seconds are scaled by
        those that the family's finished jobs took; if there are none, by those of all families.
    """
    busy = took | {number: now - then for number, then in started.items()}

    def pace(numbers):
        return sum(took[n] for n in numbers) / sum(jobs[n][1] for n in numbers)

    found = []
    for family in FAMILIES:
        own = [n for n in jobs if jobs[n][0] == family]
        done = [n for n in own if n in took]
        scale = pace(done or took) if took else 1
        left = [max(0, scale * jobs[n][1] - busy.get(n, 0)) for n in own if n not in took]
        elapsed = sum(busy.get(n, 0) for n in own)
        found += [(family, len(done), len(own), elapsed / cores, sum(left) / cores)] * bool(own)
    return [*found, ("total", *(sum(values) for values in list(zip(*found, strict=True))[1:]))]


class Display(logging.Handler):
    """Draws the table, and prints above it what this process and its jobs write to standard error.

    Jobs write to the terminal themselves: without a pipe in between, the table would be drawn over
    their errors.

    Parameters
    ----------
    jobs, cores
        See `rows`.
    """

    def __init__(self, jobs, cores):
        from rich import console, live

        super().__init__()
        self.jobs, self.cores, self.begun = jobs, cores, time.monotonic()
        self.started, self.took = {}, {}
        self.terminal, (lines, writer) = os.dup(2), os.pipe()
        self.console = console.Console(file=os.fdopen(os.dup(2), "w", encoding="utf-8"))
        self.live = live.Live(
            console=self.console,
            get_renderable=self.table,
            refresh_per_second=1,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        os.dup2(writer, 2)
        os.close(writer)
        self.live.start()
        self.console.show_cursor(True)  # a killed run leaves the terminal as it was
        self.thread = threading.Thread(target=self.print_lines, args=(lines,), daemon=True)
        self.thread.start()

    def table(self):
        """The table as it is now."""
        from rich import table

        grid = table.Table("family", box=None, pad_edge=False)
        for name in ("jobs", "elapsed", "remaining"):
            grid.add_column(name, justify="right")
        now = time.monotonic()  # copies: another thread changes the originals
        found = rows(self.jobs, dict(self.started), dict(self.took), self.cores, now)
        for name, done, jobs, elapsed, left in found:
            shown = now - self.begun if name == "total" else elapsed
            times = (str(timedelta(seconds=round(value))) for value in (shown, left))
            grid.add_row(name, f"{done} of {jobs}", *times)
        return grid

    def print_lines(self, lines):
        """Print what comes through the pipe until its end."""
        from rich import text

        with os.fdopen(lines, "rb") as file:
            while not (line := file.readline()).endswith(END):
                shown = text.Text.from_ansi(line.decode(errors="replace").rstrip("\n"))
                self.console.print(shown, soft_wrap=True)

    def emit(self, record):
        """Take note of an event of a job."""
        event = getattr(getattr(record, "event", None), "name", "")
        if event == "JOB_STARTED":
            self.started.update((n, time.monotonic()) for n in record.jobs if n in self.jobs)
        elif event == "JOB_FINISHED" and record.job_id in self.started:
            self.took[record.job_id] = time.monotonic() - self.started.pop(record.job_id)
        elif event == "JOB_ERROR":  # it may start again
            self.started.pop(record.jobid, None)

    def close(self):
        """Leave the last table on the terminal; called when Snakemake stops its log."""
        if self.thread.is_alive():
            os.write(2, END)
            self.thread.join()
            os.dup2(self.terminal, 2)
            self.live.stop()
        super().close()
