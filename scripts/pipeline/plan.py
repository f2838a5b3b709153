"""The workflow's jobs as Snakemake plans them today, without running any.

Together with `pipeline.graph` and `pipeline.reruns` the only module that uses Snakemake's Python
interface. What it uses of it that is not public (building the graph without running it) is pinned
by its tests.
"""

import contextlib
import io
from pathlib import Path
from typing import NamedTuple

from collapse.errors import UserError

from pipeline import configuration, paths, reruns


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
    from snakemake import api, cli, exceptions
    from snakemake.settings import enums, types

    with contextlib.redirect_stderr(io.StringIO()):  # Snakemake names the profile that it reads
        _, args = cli.parse_args(["--", *targets])
    given = given or configuration.given()
    with api.SnakemakeApi(types.OutputSettings(quiet={enums.Quietness.ALL})) as snakemake:
        workflow = snakemake.workflow(
            resource_settings=types.ResourceSettings(cores=1),
            config_settings=types.ConfigSettings(
                config={**given.config, "scale": scale}, configfiles=list(map(Path, given.files))
            ),
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
