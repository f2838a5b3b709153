"""Fetch artefacts from a remote and verify them against their records."""

import os

from collapse.errors import UserError
from pipeline import plan, targets, verdicts

from artefacts import remote


def run(scale, families, what, remote_name, force):
    """Pull, judge, and report what matches and what is left to run.

    Parameters
    ----------
    scale : str
    families : sequence of str
        Whose artefacts; none: what `what` names.
    what : str
        Which artefacts, see `remote.select`.
    remote_name : str or None
        None: the default remote.
    force : bool
        Replace results that are saved nowhere else.

    Returns
    -------
    int
        Exit status: 1 if something that exists does not match.
    """
    if families and what != "all":
        raise UserError(
            f"FAMILY={' '.join(families)} and WHAT={what} exclude each other: drop one."
        )
    given, asked = targets.of_families(families, (), scale)
    what = " ".join(families) or what
    name = remote.check(remote_name)
    paths = remote.select(remote.outputs(scale), what, scale)
    print(f"pulling {what} of scale {scale} from '{name}' ...", flush=True)
    remote.pull(paths, name, force=force)
    judged, waiting = judge(scale, asked, given)
    if is_suspect(judged) and (n := remote.repair_cache()):
        print(f"removed {n} damaged objects from the cache; pulling them again ...", flush=True)
        touch_differing(judged)
        remote.pull(paths, name, force=True)
        judged, waiting = judge(scale, asked, given)
    return verdicts.report(judged, waiting)


def judge(scale, asked, given):
    """Verdicts on the artefacts behind some targets, and the jobs that are left to run."""
    with plan.planned(scale, *asked, given=given) as planned:
        return planned.verdicts, planned.waiting


def touch_differing(judged):
    """Make DVC hash differing files again: it trusts its hash until a file's time changes."""
    for verdict in judged:
        for path, state in verdict.states.items():
            if state == verdicts.DIFFERS:
                os.utime(path)


def is_suspect(judged):
    """Whether an artefact differs from its record, or its record is missing or unreadable."""
    return any(
        verdict.here and (not verdict.record or not (verdict.reasons or verdict.matches))
        for verdict in judged
    )
