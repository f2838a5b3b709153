"""Record a finished run's artefacts in dvc.yaml and dvc.lock, and send them to a remote."""

from collapse.errors import UserError
from pipeline import configuration, dvc_yaml, plan, targets, verdicts

from artefacts import remote

SENT = {dvc_yaml.FIGURES: "what tables and figures are made from", dvc_yaml.ALL: "everything"}
# with all that tables and figures take, whether or not anything that is here needs it
TARGETS = ("all", *configuration.FAMILIES)


def run(scale, families, what, remote_name, check):
    """Refuse a run that is unfinished or does not match; record it; send it.

    Parameters
    ----------
    scale : str
    families : sequence of str
        See `part`.
    what : {"figures", "all"}
        What the remote is to hold, see `pipeline.dvc_yaml`.
    remote_name : str or None
        None: the default remote.
    check : bool
        Read back and hash everything in the remote; otherwise sizes are compared.
    """
    chosen = part(scale, families)
    name = remote.check(remote_name)
    remote.check_room(what, name)
    check_finished(scale, chosen)
    if n := remote.repair_cache():
        print(f"removed {n} damaged objects from the cache; the files here replace them")
    print(f"recording {', '.join(chosen) or 'all'} of scale {scale} in dvc.lock ...", flush=True)
    dvc_yaml.write({*dvc_yaml.scales(), scale}, what, {scale: chosen})
    remote.record(remote.stages(scale))
    paths = remote.select(remote.outputs(scale), "all", scale)
    print(f"sending {SENT[what]} to '{name}' ...", flush=True)
    if n := remote.push(paths, name, read=check):
        print(f"{n} objects were damaged in the remote and have been sent again")
    if n := remote.prune(name):
        print(f"removed {n} objects from '{name}' that dvc.lock no longer names")
    print(
        f"published. To share it: git add dvc.yaml dvc.lock results/{scale}, and the remote's "
        "folder if it is in this repository; commit; push"
    )


def part(scale, families):
    """The families of a scale that are to be published; none: all, with claims and page.

    Parameters
    ----------
    scale : str
    families : sequence of str
        In addition to those that are published; none: all.

    Returns
    -------
    list of str

    Raises
    ------
    UserError
        If a family is not one of the scale: its claims and page would not show it.
    """
    if not families:
        return []
    own = configuration.load(configuration.given().layers(scale))["families"]
    targets.of_families(families, (), scale)
    if other := [name for name in families if name not in own]:
        raise UserError(
            f"{other[0]} is not among the families of scale {scale}, which are {', '.join(own)}: "
            f"add it to families in its configuration, run 'make reproduce SCALE={scale}', then "
            "publish."
        )
    chosen = {*families, *dvc_yaml.families(scale)}
    is_whole = scale in dvc_yaml.scales() and not dvc_yaml.families(scale)
    return [] if is_whole or chosen >= set(own) else sorted(chosen)


def check_finished(scale, families):
    """Raise a UserError if a job is left to run, or a file exists that no job makes.

    Parameters
    ----------
    scale : str
    families : sequence of str
        Whose jobs must be finished; none: all.
    """
    given, asked = targets.of_families(families, (), scale)
    with plan.planned(scale, *asked or TARGETS, given=given) as planned:
        judged, waiting, jobs = planned.verdicts, planned.waiting, planned.jobs
    if waiting:
        verdicts.report(judged, waiting)
        named = f' FAMILY="{" ".join(families)}"' if families else ""
        raise UserError(
            f"the run of scale {scale} is not finished, {len(waiting)} jobs are left. Run 'make "
            f"reproduce SCALE={scale}{named}', then publish."
        )
    if families:  # files of the others are no strays
        with plan.planned(scale, *TARGETS) as planned:
            jobs = planned.jobs
    unknown = verdicts.strays(scale, jobs)
    if unknown:
        raise UserError(
            f"no job of this configuration makes {unknown[0]} (and {len(unknown) - 1} more files): "
            "'make gc' lists such files and removes them."
        )
