"""A verdict on every artefact: its bytes, what it was made with, and whether it can be made again.

Draws every figure again and compares bytes. With a name of one job (vae/run00/gen05) it also makes
this job's artefacts again from their predecessor.
"""

from pathlib import Path

from collapse.errors import UserError
from pipeline import plan, records, targets, verdicts

from artefacts import recompute, remote


def run(scale, families, deep):
    """Judge all artefacts, or those of some families, draw figures again, compute one job again.

    Parameters
    ----------
    scale : str
    families : sequence of str
        None: those of the scale, and what shows them together.
    deep : str or None
        Parts of the path of one job's outputs, separated by slashes.

    Returns
    -------
    int
        Exit status: 1 if something does not match.
    """
    given, asked = targets.of_families(families, (), scale)
    with plan.planned(scale, *asked, given=given, fresh=True) as planned:
        judged, waiting = planned.verdicts, planned.waiting
    if not any(verdict.here for verdict in judged):
        raise UserError(
            f"there are no results of scale {scale}: run 'make pull SCALE={scale}' or 'make "
            f"reproduce SCALE={scale}' first."
        )
    chosen = [deep_job(judged, scale, deep)] if deep else []
    report_matching(judged)
    status = verdicts.report(judged, waiting)
    report_versions(judged)
    if not families:  # the others' files are no strays
        report_strays(judged, scale)
    report_published(scale, families)
    figures = [v for v in judged if v.job.outputs[0].startswith(f"results/{scale}/figures/")]
    status |= compare("drawn again", figures, scale)
    return status | (compare("computed again", chosen, scale) if deep else 0)


def report_matching(judged):
    """Print a line for every artefact that matches."""
    for verdict in judged:
        for path, state in verdict.states.items():
            if state == verdicts.MATCHES:
                print(f"{state}  {path}")


def report_versions(judged):
    """Print which packages are here in other versions than those that made the results."""
    for line in verdicts.version_lines(judged):
        print(f"versions  {line}")


def report_strays(judged, scale):
    """Print the files that no job of this configuration makes."""
    for path in verdicts.strays(scale, [verdict.job for verdict in judged]):
        print(f"unknown  {path}: no job of this configuration makes it; 'make gc' lists such files")


def report_published(scale, families):
    """Print which outputs differ from what dvc.lock names."""
    try:
        other = remote.differing(scale, families)
    except UserError as error:
        print(f"not published: {error}")
        return
    for path in other:
        print(f"differs  {path}: not what dvc.lock names; 'make publish' records it")
    print(f"dvc.lock: {len(other)} outputs that are here differ from what it names")


def compare(action, chosen, scale):
    """Make artefacts again and compare bytes: a line for each difference, and a summary.

    Parameters
    ----------
    action : str
        What is done with them, past tense.
    chosen : list of pipeline.verdicts.Verdict
    scale : str

    Returns
    -------
    int
        1 if an artefact has other bytes, or could not be made again.
    """
    able = [v for v in chosen if v.matches and not recompute.missing(v.job)]
    made = recompute.make([verdict.job for verdict in able], scale)
    pairs = [(verdict, path) for verdict in able for path in verdict.job.outputs]
    other = [(v, path) for v, path in pairs if made[path] != v.record["outputs"][path]]
    for verdict, path in other:
        print(f"differs  {path}: {action}, it has other bytes{_hint(verdict.record)}")
    for verdict in (v for v in chosen if v not in able):
        lacking = recompute.missing(verdict.job)
        reason = f"{lacking[0]} is not here" if lacking else "it does not match"
        print(f"not {action}: {verdict.job.outputs[0]}: {reason}")
    print(f"{action}: {len(pairs) - len(other)} of {len(pairs)} artefacts have the same bytes")
    return int(bool(other) or len(able) < len(chosen))


def _hint(record):
    """Why a job may give other bytes here, as far as its record tells."""
    if gpu := record["versions"].get("gpu"):
        return f"; it was made on {gpu}, where bits may differ"
    other = records.other_versions(record, records.installed)
    made = ", ".join(f"{name} {then} (here {now})" for name, (then, now) in other.items())
    return f"; it was made with {made}" if made else ""


def deep_job(judged, scale, deep):
    """The verdict on the one job that `deep` names by parts of its outputs' paths.

    Raises
    ------
    UserError
        If it names no job or more than one, or an input of the job is not here.
    """
    parts = set(deep.split("/"))
    fitting = [
        verdict
        for verdict in judged
        if any(parts <= {*Path(path).parts, Path(path).stem} for path in verdict.job.outputs)
    ]
    if len(fitting) != 1:
        shown = ", ".join(verdict.job.outputs[0] for verdict in fitting[:3]) or "none"
        raise UserError(
            f"DEEP={deep} must name one job by parts of its path, such as vae/run00/gen05, but "
            f"fits {len(fitting)} of scale {scale} ({shown}): add or change parts."
        )
    if lacking := recompute.missing(fitting[0].job):
        raise UserError(
            f"DEEP={deep} is made from {lacking[0]}, which is not here: make it by 'make reproduce "
            f"SCALE={scale} TARGET={lacking[0]}', or pull it from a remote that holds everything."
        )
    return fitting[0]
