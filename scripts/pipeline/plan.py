"""The workflow's jobs as Snakemake plans them today, without running any.

Together with `pipeline.reruns` the only module that uses Snakemake's Python interface. What it uses
of it that is not public (building the graph without running it) is pinned by its tests.
"""

import contextlib
import io
from pathlib import Path
from typing import NamedTuple

from collapse.errors import UserError

from pipeline import paths, records


class Job(NamedTuple):
    """One job of the plan: paths as in the rules, named parameters, its record's and log's path."""

    rule: str
    inputs: tuple
    outputs: tuple
    parameters: dict
    record: str
    waiting: bool  # Snakemake would run it
    log: str = ""


class Plan(NamedTuple):
    """All jobs behind the targets of a scale.

    Parameters
    ----------
    jobs : list of Job
        Each after those whose outputs it takes.
    verdicts : list of pipeline.verdicts.Verdict
        On each job, in the same order.
    config : dict
        The resolved configuration.
    """

    jobs: list
    verdicts: list
    config: dict

    @property
    def waiting(self):
        """The jobs that Snakemake would run."""
        return [job for job in self.jobs if job.waiting]


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


@contextlib.contextmanager
def planned(scale, *targets, config=(), fresh=False):
    """The plan of a scale in the working directory; runs nothing.

    Parameters
    ----------
    scale : str
    *targets : str
        Rules or files; none: the default target.
    config : sequence of str
        Further values of the configuration, as ``key=value``.
    fresh : bool
        Hash every file again instead of trusting the cache of hashes.

    Yields
    ------
    Plan

    Raises
    ------
    UserError
        With Snakemake's message, if there is no plan; for example after a configuration mistake.
    """
    from snakemake import api, cli, exceptions
    from snakemake.settings import enums, types

    from pipeline import reruns

    with contextlib.redirect_stderr(io.StringIO()):  # Snakemake names the profile that it reads
        _, args = cli.parse_args(["--config", *config, f"scale={scale}", "--", *targets])
    with api.SnakemakeApi(types.OutputSettings(quiet={enums.Quietness.ALL})) as snakemake:
        workflow = snakemake.workflow(
            resource_settings=types.ResourceSettings(cores=1),
            config_settings=types.ConfigSettings(config=cli.parse_config(args.config)),
            snakefile=paths.ROOT / "Snakefile",
            workdir=Path.cwd(),
        )
        dag = workflow.dag(
            types.DAGSettings(
                targets=set(args.targets),
                rerun_triggers=args.rerun_triggers,
                max_checksum_file_size=args.max_checksum_file_size,
            )
        )
        workflow = dag.workflow_api._workflow
        workflow.execution_settings = types.ExecutionSettings()
        try:
            with reruns.quiet(fresh=fresh):
                workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
                workflow._build_dag()
        except exceptions.WorkflowError as error:
            raise UserError(str(error)) from error
        found = [
            verdict._replace(job=verdict.job._replace(waiting=workflow.dag.needrun(job)))
            for verdict, job in reruns.judged(workflow.dag)
        ]
        yield Plan([v.job for v in found], found, dict(workflow.globals["config"]))
