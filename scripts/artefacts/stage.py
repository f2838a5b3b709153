"""Bring one target of the workflow up to date for DVC: the command of every stage in dvc.yaml.

DVC keeps the outputs of earlier runs, and would record any that exist. Snakemake judges them by
their records when it starts, and makes again what does not match.
"""

from pipeline import engine, plan, targets


def run(scale, target, families=(), fingerprint=None):
    """Run what is not up to date.

    Parameters
    ----------
    scale : str
    target : str
        A rule or a file.
    families : sequence of str
        None: those of the scale.
    fingerprint : str, optional
        Not used here. As part of the command, it shows DVC that the stage has changed.
    """
    given, asked = targets.of_families(families, [target], scale)
    with plan.planned(scale, *asked, given=given) as planned:
        waiting = planned.waiting
    if waiting:
        engine.run(scale, engine.Options(engine.place("all"), given=given, targets=tuple(asked)))
