"""Bring one target of the workflow up to date for DVC: the command of every stage in dvc.yaml.

DVC keeps the outputs of earlier runs, and would record any that exist. Snakemake judges them by
their records when it starts, and makes again what does not match.
"""

from pipeline import engine, plan


def run(scale, target, fingerprint=None):
    """Run what is not up to date.

    Parameters
    ----------
    scale : str
    target : str
        A rule or a file.
    fingerprint : str, optional
        Not used here. As part of the command, it shows DVC that the stage has changed.
    """
    with plan.planned(scale, target) as planned:
        waiting = planned.waiting
    if waiting:
        engine.run(scale, engine.Options(engine.place("all"), targets=(target,)))
