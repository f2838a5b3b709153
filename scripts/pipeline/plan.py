"""The workflow's jobs as Snakemake plans them today, and runs of plans that pass a check.

Together with `pipeline.graph` and `pipeline.reruns` the only module that uses Snakemake's Python
interface. What it uses of it that is not public (building the graph without running it, the start
of a run) is pinned by its tests.
"""

import contextlib
import io
import time
from pathlib import Path
from typing import NamedTuple

from collapse.errors import UserError

from pipeline import configuration, engine, logs, paths, reruns


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


@contextlib.contextmanager
def planned(scale, *targets, given=None, fresh=False):
    """The plan of a scale in the working directory; runs nothing.

    Parameters
    ----------
    scale : str
    *targets : str
        Rules or files; none: the default target.
    given : pipeline.configuration.Given, optional
        What overrides the files of the configuration; by default what the profile of every run
        gives.
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
    from snakemake import exceptions
    from snakemake.settings import types

    with _read(scale, targets, given) as (dag, _):
        workflow = dag.workflow_api._workflow
        workflow.execution_settings = types.ExecutionSettings()
        try:
            with reruns.quiet(fresh=fresh):
                workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
                workflow._build_dag()
        except exceptions.WorkflowError as error:
            raise UserError(str(error)) from error
        yield _plan(workflow)


def run(scale, *targets, check, cores, given=None):
    """Plan, and run the plan in this process if it passes a check.

    Prints nothing before the check. The caller holds the folder's lock.

    Parameters
    ----------
    scale : str
    *targets : str
        Rules or files; none: the default target.
    check : callable
        Takes the waiting jobs before any of them starts; raises a UserError to run none.
    cores : str
        A number, or ``all``.
    given : pipeline.configuration.Given, optional
        See `planned`.

    Returns
    -------
    list of pipeline.graph.Job
        The jobs that ran.

    Raises
    ------
    UserError
        If there is no plan, it does not pass the check, or a job fails.
    """
    from snakemake import exceptions
    from snakemake.settings.enums import Quietness

    ran, started = [], time.time()
    with _read(scale, targets, given, cores) as (dag, settings):
        workflow = dag.workflow_api._workflow
        begin = workflow._onstart

        def check_and_begin(log):
            waiting = _plan(workflow).waiting
            check(waiting)
            ran.extend(waiting)
            workflow.output_settings.quiet.remove(Quietness.ALL)
            begin(log)

        workflow._onstart = check_and_begin
        try:
            dag.execute_workflow(**settings)
        except exceptions.WorkflowError as error:
            failed = engine.failure(logs.errors("logs", scale, started)) if ran else str(error)
            raise UserError(failed) from error
    return ran


@contextlib.contextmanager
def _read(scale, targets, given, cores="1"):
    """Let Snakemake read the workflow; yields its graph, not yet built, and settings of a run."""
    from snakemake import api, cli
    from snakemake.settings import enums, types

    with contextlib.redirect_stderr(io.StringIO()):  # Snakemake names the profile that it reads
        _, args = cli.parse_args(["--cores", cores, "--", *targets])
    given = given or configuration.given()
    quiet = {enums.Quietness.ALL, *args.quiet}
    with api.SnakemakeApi(types.OutputSettings(quiet=quiet)) as snakemake:
        workflow = snakemake.workflow(
            resource_settings=types.ResourceSettings(cores=args.cores),
            config_settings=types.ConfigSettings(
                config={**given.config, "scale": scale}, configfiles=list(map(Path, given.files))
            ),
            snakefile=paths.ROOT / "Snakefile",
            workdir=Path.cwd(),
        )
        dag = workflow.dag(
            types.DAGSettings(
                targets=set(args.targets),
                force_incomplete=args.rerun_incomplete,
                rerun_triggers=args.rerun_triggers,
                max_checksum_file_size=args.max_checksum_file_size,
            )
        )
        yield dag, {"execution_settings": types.ExecutionSettings(keep_going=args.keep_going)}


def _plan(workflow):
    """The plan of a workflow whose graph is built."""
    found = [
        verdict._replace(job=verdict.job._replace(waiting=workflow.dag.needrun(job)))
        for verdict, job in reruns.judged(workflow.dag)
    ]
    return Plan([v.job for v in found], found, dict(workflow.globals["config"]))
