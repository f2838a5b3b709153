"""Lines on the terminal while jobs run: what each job does, instead of its number."""

import logging
import os

from pipeline import live, reruns

NUMBERS = ("run", "generation", "batch", "size", "ddof")  # wildcards shown with their names
HIDDEN = ("scale",)


def describe(rule, wildcards):
    """What a job does, for example ``vae train, replace, run 2, generation 5``.

    Parameters
    ----------
    rule : str
    wildcards : mapping of str to str

    Returns
    -------
    str
    """
    parts = [
        f"{name} {int(value)}" if name in NUMBERS else value
        for name, value in wildcards.items()
        if name not in HIDDEN
    ]
    return ", ".join([rule.replace("_", " "), *parts])


def install(workflow):
    """Let this process' Snakemake print descriptions of jobs; call it once jobs are planned.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    """
    from snakemake import logging as snakemake

    jobs = {
        job.jobid: describe(job.rule.name, dict(job.wildcards.items())) for job in workflow.dag.jobs
    }
    is_live = workflow.local_exec and live.is_wanted(workflow.output_settings.quiet or ())
    for handler in snakemake.logger.handlers:
        if isinstance(handler, snakemake.ColorizingTextHandler):
            handler.setFormatter(Formatter(handler.formatter, jobs, counts=not is_live))
            handler.nocolor |= bool(os.environ.get("NO_COLOR"))
    if is_live:
        snakemake.logger.addHandler(live.Display(expected_times(workflow), workflow.cores))


def expected_times(workflow):
    """Family and expected seconds of the jobs that are to run, by their numbers."""
    pairs = [(v.job, job) for v, job in reruns.judged(workflow.dag) if workflow.dag.needrun(job)]
    seconds = live.expected([job for job, _ in pairs], dict(workflow.globals["config"]))
    return {
        job.jobid: (live.family_of(known.outputs[0]), expected)
        for (known, job), expected in zip(pairs, seconds, strict=True)
    }


class Formatter(logging.Formatter):
    """Formats events of jobs, and leaves all others to Snakemake's formatter.

    Parameters
    ----------
    other : logging.Formatter
    jobs : dict of int to str
        Descriptions by job number.
    counts : bool
        Whether to print how many jobs are finished.
    """

    def __init__(self, other, jobs, *, counts=True):
        super().__init__()
        self.other, self.jobs, self.counts = other, jobs, counts

    def format(self, record):
        """Text of a record; empty if it is not to be printed."""
        event = getattr(getattr(record, "event", None), "name", "")
        if event == "JOB_STARTED":
            return "\n".join(f"started   {self.jobs.get(n, n)}" for n in record.jobs)
        if event == "JOB_FINISHED":
            return f"finished  {self.jobs.get(record.job_id, record.job_id)}"
        is_count = event == "PROGRESS" and not self.counts
        if is_count or record.getMessage() == "Select jobs to execute...":
            return ""
        return self.other.format(record)
