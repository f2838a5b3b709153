"""Record a finished run's artefacts in dvc.yaml and dvc.lock, and send them to a remote."""

from collapse.errors import UserError
from pipeline import configuration, dvc_yaml, plan, verdicts

from artefacts import remote

SENT = {dvc_yaml.FIGURES: "what tables and figures are made from", dvc_yaml.ALL: "everything"}
# with all that tables and figures take, whether or not anything that is here needs it
TARGETS = ("all", *configuration.FAMILIES)


def run(scale, what, remote_name, check):
    """Refuse a run that is unfinished or does not match; record it; send it.

    Parameters
    ----------
    scale : str
    what : {"figures", "all"}
        What the remote is to hold, see `pipeline.dvc_yaml`.
    remote_name : str or None
        None: the default remote.
    check : bool
        Read back and hash everything in the remote; otherwise sizes are compared.
    """
    name = remote.check(remote_name)
    remote.check_room(what, name)
    check_finished(scale)
    if n := remote.repair_cache():
        print(f"removed {n} damaged objects from the cache; the files here replace them")
    print(f"recording scale {scale} in dvc.lock ...", flush=True)
    dvc_yaml.write({*dvc_yaml.scales(), scale}, what)
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


def check_finished(scale):
    """Raise a UserError if a job is left to run, or a file exists that no job makes."""
    with plan.planned(scale, *TARGETS) as planned:
        judged, waiting = planned.verdicts, planned.waiting
        unknown = verdicts.strays(scale, planned.jobs)
    if waiting:
        verdicts.report(judged, waiting)
        raise UserError(
            f"the run of scale {scale} is not finished, {len(waiting)} jobs are left. Run 'make "
            f"reproduce SCALE={scale}', then publish."
        )
    if unknown:
        raise UserError(
            f"no job of this configuration makes {unknown[0]} (and {len(unknown) - 1} more files): "
            "'make gc' lists such files and removes them."
        )
