"""A verdict on every artefact: its bytes, what it was made with, and whether it can be made again.

python scripts/verify.py SCALE [DEEP]

Draws every figure again and compares bytes; with DEEP (vae/run02/gen05, say) also makes that one
artefact again from its predecessor. Exit status 1 if anything does not match.
"""

from pathlib import Path

from artefacts import again, command, plan, remote, verdicts
from collapse.errors import UserError


def main():
    """Judge all, draw again, compute again."""
    scale, deep = command.arguments("SCALE", "DEEP")
    with plan.planned(scale) as planned:
        found, waiting = verdicts.judge(planned.jobs), planned.waiting
    if not any(verdict.here for verdict in found):
        raise UserError(
            f"nothing of scale {scale} is here: 'make pull SCALE={scale}' or 'make reproduce'."
        )
    chosen = [deep_job(found, scale, deep)] if deep else []
    for verdict in found:
        for path, state in verdict.states.items():
            if state == verdicts.MATCHES:
                print(f"{state}  {path}")
    status = verdicts.tell(found, waiting)
    status |= strays(found, scale) | published(scale)
    figures = [v for v in found if v.job.outputs[0].startswith(f"results/{scale}/figures/")]
    status |= compare("drawn again", figures, scale)
    return status | (compare("computed again", chosen, scale) if deep else 0)


def strays(found, scale):
    """Name the files that no job of this configuration makes."""
    unknown = verdicts.strays(scale, [verdict.job for verdict in found])
    for path in unknown:
        print(f"unknown  {path}: no job of this configuration makes it; 'make gc' lists such files")
    return 0


def published(scale):
    """Say whether what is here is what dvc.lock names."""
    try:
        other = remote.differing(scale)
    except UserError as error:
        print(f"not published: {error}")
        return 0
    for path in other:
        print(f"differs  {path}: it is not what dvc.lock names; 'make publish' records it")
    print(f"dvc.lock: {len(other)} outputs that are here differ from what it names")
    return 0


def compare(action, chosen, scale):
    """Make artefacts again; one line each, and a summary."""
    able = [v for v in chosen if v.matches and not again.missing(v.job)]
    made = again.make([verdict.job for verdict in able], scale)
    same = 0
    for verdict in able:
        for path in verdict.job.outputs:
            if made[path] == verdict.record["outputs"][path]:
                same += 1
            else:
                gpu = verdict.record["versions"].get("gpu")
                hint = f"; it was made on {gpu}, where bits may differ" if gpu else ""
                print(f"differs  {path}: {action}, it has other bytes{hint}")
    for verdict in chosen:
        if verdict not in able:
            lacking = again.missing(verdict.job)
            reason = f"{lacking[0]} is not here" if lacking else "it does not match"
            print(f"not {action}: {verdict.job.outputs[0]}: {reason}")
    print(f"{action}: {same} of {len(made)} artefacts have the same bytes")
    return int(same < len(made) or len(able) < len(chosen))


def deep_job(found, scale, deep):
    """The verdict on the one job that DEEP names by parts of its outputs' path.

    Raises
    ------
    UserError
        If there is none or more than one, or something that it takes is not here.
    """
    parts = set(deep.split("/"))
    fitting = [
        verdict
        for verdict in found
        if any(parts <= {*Path(path).parts, Path(path).stem} for path in verdict.job.outputs)
    ]
    if len(fitting) != 1:
        shown = ", ".join(verdict.job.outputs[0] for verdict in fitting[:3]) or "none"
        raise UserError(
            f"DEEP={deep} must name one job by parts of its path, as vae/run02/gen05 does, but "
            f"fits {len(fitting)} of scale {scale} ({shown}): add or change parts."
        )
    if lacking := again.missing(fitting[0].job):
        family = lacking[0].split("/")[2] if lacking[0].startswith("results/") else "data"
        raise UserError(
            f"DEEP={deep} is made from {lacking[0]}, which is not here: 'make pull WHAT={family}' "
            "or 'make reproduce' first."
        )
    return fitting[0]


if __name__ == "__main__":
    command.run(main)
