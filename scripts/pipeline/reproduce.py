"""Run the workflow and print where its figures are; resume where an earlier run stopped."""

import os
from pathlib import Path

from pipeline import engine, plan


def run(scale, families, cores, profile, names, options):
    """Run the default target, or some families or targets, of a scale.

    Parameters
    ----------
    scale : str
    families : sequence of str
        None: those of the scale.
    cores : str
        A number, or ``all``; unused with a profile.
    profile : str or None
        A folder with Snakemake options.
    names : sequence of str
        Figures or tables by name, files, or rules; none: everything.
    options : sequence of str
        Any Snakemake options.
    """
    asked = engine.options(
        engine.place(cores, profile), options, names, scale=scale, families=families
    )
    engine.run(scale, asked)
    if finished(scale, asked):
        print(closing_line(scale, asked.targets, families))


def finished(scale, asked):
    """Whether nothing is left to run.

    Options of the user or of a profile, such as ``--dry-run`` and ``--until``, end a run early;
    with any of them, ask the plan.
    """
    with_profile = "--profile" in asked.place or "SNAKEMAKE_PROFILE" in os.environ
    if not asked.others and not with_profile:
        return True
    with plan.planned(scale, *asked.targets, given=asked.given) as planned:
        return not planned.waiting


def closing_line(scale, targets, families=()):
    """Where the results are.

    Parameters
    ----------
    scale : str
    targets : sequence of str
        None: the default target.
    families : sequence of str
        See `run`.
    """
    made = [path for path in targets if Path(path).is_file()]
    if targets:
        return f"\nUp to date: {', '.join(made or families or targets)}."
    return f"\nAll figures, tables and verdicts are on one page: results/{scale}/report.html."
