"""Jobs of Snakemake's graph that leave records, as plain values."""

from typing import NamedTuple

from pipeline import records


class Job(NamedTuple):
    """One job of the plan: paths as in the rules, named parameters, its record's and log's path."""

    rule: str
    inputs: tuple
    outputs: tuple
    parameters: dict
    record: str
    waiting: bool  # Snakemake would run it
    log: str = ""


def jobs_of(dag):
    """Jobs of Snakemake's graph that leave records, each after those whose outputs it takes.

    Returns
    -------
    list of (Job, snakemake.jobs.Job)
    """
    found = []
    for level in dag.toposorted():
        for job in sorted(level, key=lambda job: (job.rule.name, *map(str, job.output))):
            if is_recorded(job):
                found.append((_job(job), job))
    return found


def is_recorded(job):
    """Whether a job of Snakemake's graph leaves a record: whether it names the code it runs."""
    return bool(job.output and job.log) and "code" in job.params.keys()  # noqa: SIM118


def _job(job):
    return Job(
        job.rule.name,
        tuple(map(str, job.input)),
        tuple(map(str, job.output)),
        records.parameters(job.params),
        str(records.path(job.log[0])),
        False,  # not yet decided
        str(job.log[0]),
    )
