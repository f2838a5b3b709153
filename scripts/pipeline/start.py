"""What happens when the workflow starts, before any rule is read and before any job runs."""

import os
import re
import sys

from collapse.errors import UserError

from pipeline import configuration, environment, origin, paths, records, reruns, variables

# made where Snakemake itself runs: downloads, tables, figures and whatever takes a second
LIGHT_OUTPUTS = re.compile(r"data/|results/\{scale[^}]*\}/(tables/|figures/|report)")
LIGHT_RULES = {
    *("lm_import", "gaussian_real", "gmm_real", "gmm_draw", "vae_grid"),
    *("gaussian_growing_chains", "kde_chains", "tail_cutting_samples"),
    *("error_sources_chains", "kernel_ridge_chains", "human_data_phase_chains"),
    "ngram_chains",
}


_again = {}  # outputs in the records of the jobs of this run that make them again


def up(workflow, config):
    """Prepare the environment, let records decide what runs again, and check the configuration.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    config : dict
        What ``--config`` and ``--configfile`` give; becomes the whole, checked configuration.
    """
    checked(origin.check, workflow.current_basedir)
    checked(check_place, workflow)
    checked(variables.prepare, str(paths.SCRIPTS))
    if workflow.is_main_process:
        origin.drop_outdated_bytecode()
    reruns.install(workflow)
    loaded = checked(lambda: configuration.load(given(workflow, config)))
    config.clear()
    config.update(loaded)


def check_place(workflow):
    """Refuse where no job could run: without cores, or with a Python that no shell starts.

    Snakemake waits for ever for the first core, and quotes no interpreter.
    """
    settings = workflow.resource_settings
    if settings.cores is not None and settings.cores < 1:
        raise UserError(f"--cores must be at least 1, got {settings.cores}: no job would start.")
    if workflow.remote_exec and settings.nodes is not None and settings.nodes < 1:
        raise UserError(f"--jobs must be at least 1, got {settings.nodes}: no job would start.")
    environment.check_folder(os.path.dirname(sys.executable))


def hold_constant(sums):
    """Let records decide with hashes that hold whatever records say, see `pipeline.reruns`."""
    reruns.hold_constant(sums)


def given(workflow, config):
    """What overrides the files of the configuration, as `configuration.load` takes it.

    Configuration files are read again, by the rules of this project: Snakemake reads 010 as 8, and
    takes the last of two equal keys.
    """
    settings = workflow.config_settings
    if config != settings.overwrite_config:
        return [("the workflow that includes this one", configuration.typed(dict(config)))]
    read = [(os.path.relpath(path), configuration.read_yaml(path)) for path in settings.configfiles]
    return [*read, (configuration.GIVEN, configuration.typed(dict(settings.config)))]


def checked(function, *args):
    """Call a function; after a `UserError`, stop with one line for each mistake."""
    try:
        return function(*args)
    except UserError as error:
        sys.exit("\n".join(f"ERROR: {line}" for line in str(error).splitlines()))


def mark_local_rules(workflow):
    """Keep light jobs off a cluster's nodes, and the nodes off the network."""
    makes_light = (
        rule.name
        for rule in workflow.rules
        if any(LIGHT_OUTPUTS.match(str(path)) for path in rule.output)
    )
    known = {rule.name for rule in workflow.rules}
    workflow.localrules(*known.intersection(LIGHT_RULES), *makes_light)
    if workflow.remote_exec:
        os.environ["HF_HUB_OFFLINE"] = "1"  # compute nodes may have no network


def is_planned(workflow, rule):
    """Whether a job of this rule is going to run; known once the jobs are planned."""
    return any(job.rule.name == rule for job in workflow.dag.needrun_jobs())


def begin(workflow):
    """Note that a run begins; called once the jobs are planned."""
    from cluster import resume

    from pipeline import engine, progress

    engine.remove_unfinished("data")  # data are made here, and Snakemake holds the folder's lock
    resume.begin(workflow.executor_plugin.name)
    records.expect(reruns.found_inputs(workflow.dag))
    progress.install(workflow)
    _again.update(reruns.made_again(workflow.dag))
    # Local jobs need no limit to their rate. Snakemake's default, 100 a second, leaves a timer with
    # every finished job that looks through all waiting jobs once a second until the run ends.
    limiter = workflow.scheduler.job_rate_limiter
    if workflow.local_exec and limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


def end():
    """After a run that succeeded, say so if what was made again has other bytes than before."""
    if names := reruns.changed(_again):
        print(
            f"{len(names)} files that were made again have other bytes than their records had, "
            f"for example {names[0]}. Run the same command again: what was made from the earlier "
            "bytes follows.",
            file=sys.stderr,
        )
