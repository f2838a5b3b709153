"""The workflow's jobs as Snakemake plans them now, and its memory of those that were run.

The only module that knows Snakemake's Python interface. What it uses of it that is not public
(building the graph without running it, writing a job's metadata) is held by this module's tests.
"""

import contextlib
import io
import os
from typing import NamedTuple

from collapse import records
from collapse.errors import UserError


class Job(NamedTuple):
    """One job of the plan: paths as in the rules, named parameters, its record's path."""

    rule: str
    inputs: tuple
    outputs: tuple
    parameters: dict
    record: str
    waiting: bool  # Snakemake would run it
    remembered: bool  # Snakemake has metadata of it
    log: str = ""


class Plan:
    """All jobs behind the targets of a scale.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        With its graph built.
    """

    def __init__(self, workflow):
        self._workflow = workflow
        self._behind = {}
        self.jobs = []  # in the order of their dependence: each after those whose outputs it takes
        for level in workflow.dag.toposorted():
            for job in sorted(level, key=lambda job: (job.rule.name, *map(str, job.output))):
                if job.output:
                    self.jobs.append(_job(job, workflow))
                    self._behind[self.jobs[-1].record] = job

    @property
    def waiting(self):
        """The jobs that Snakemake would run."""
        return [job for job in self.jobs if job.waiting]

    def remember(self, jobs, stamp):
        """Let Snakemake take the outputs of `jobs` for up to date, made as they would be made now.

        Parameters
        ----------
        jobs : iterable of Job
            In `self.jobs`; their inputs' present hashes become what they were made from.
        stamp : float
            Modification time of the outputs, seconds since 1970: no older than that of any input.
        """
        for known in jobs:
            benchmark = self._behind[known.record].benchmark  # counts as an output's time stamp
            for file in filter(os.path.lexists, [*known.outputs, *[benchmark] * bool(benchmark)]):
                os.utime(file, (stamp, stamp), follow_symlinks=False)
        self._workflow.iocache.clear()  # which has the old modification times
        for known in jobs:
            self._workflow.async_run(
                self._workflow.persistence.finished(self._behind[known.record])
            )

    def forget(self, jobs):
        """Let Snakemake make the outputs of `jobs` again: older than any input, of no memory."""
        for known in jobs:
            for file in self._behind[known.record].output:
                self._workflow.persistence.cleanup_metadata(file)
                if os.path.exists(file):
                    os.utime(file, (1, 1), follow_symlinks=False)


@contextlib.contextmanager
def planned(scale, *targets, config=()):
    """The plan of a scale in the working directory; runs nothing.

    Parameters
    ----------
    scale : str
    *targets : str
        Rules or files; none: the default target.
    config : sequence of str
        What else the configuration is given, as ``key=value``.

    Raises
    ------
    UserError
        With Snakemake's own words, if there is no plan: a mistake in the configuration, say.
    """
    from snakemake import api, cli, exceptions
    from snakemake.settings import enums, types

    with contextlib.redirect_stderr(io.StringIO()):  # it tells which profile it reads
        _, args = cli.parse_args(["--config", *config, f"scale={scale}", "--", *targets])
    with api.SnakemakeApi(types.OutputSettings(quiet={enums.Quietness.ALL})) as snakemake:
        workflow = snakemake.workflow(
            resource_settings=types.ResourceSettings(cores=1),
            config_settings=types.ConfigSettings(config=cli.parse_config(args.config)),
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
            workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
            workflow._build_dag()
        except exceptions.WorkflowError as error:
            raise UserError(str(error)) from error
        yield Plan(workflow)


def _job(job, workflow):
    return Job(
        job.rule.name,
        tuple(map(str, job.input)),
        tuple(map(str, job.output)),
        records.parameters(job.params),
        str(records.path(job.log[0])),
        workflow.dag.needrun(job),
        workflow.persistence.has_metadata(job),
        str(job.log[0]),
    )
