"""Let Snakemake take for up to date what belongs to this code and configuration, nothing else."""

import time

from pipeline import plan, verdicts


def accept(scale, *targets, config=()):
    """Judge all artefacts that are here, and tell Snakemake.

    What matches is remembered as if its jobs had just been run here. What does not is kept, but
    counts as out of date, so that the next run makes it again, and what depends on it.

    Parameters
    ----------
    scale : str
    *targets : str
        Rules or files; none: the default target.
    config : sequence of str
        What else the configuration is given, as ``key=value``.

    Returns
    -------
    list of artefacts.verdicts.Verdict
    list of artefacts.plan.Job
        Those that are still to be run for the targets.
    """
    with plan.planned(scale, *targets, config=config) as planned:
        found = verdicts.judge(planned.jobs)
        new = [v.job for v in found if v.matches and (v.job.waiting or not v.job.remembered)]
        planned.remember(new, stamp=time.time())
        planned.forget([verdict.job for verdict in found if verdict.here and not verdict.matches])
    with plan.planned(scale, *targets, config=config) as planned:
        return found, planned.waiting
