"""Remove files that neither figures nor later generations need; list them first."""

from pathlib import Path

from pipeline import plan, verdicts

from artefacts import remote


def unneeded(jobs, scale):
    """Checkpoints that no job takes, except the last of each chain; and files that no job makes.

    Parameters
    ----------
    jobs : list of pipeline.graph.Job
    scale : str

    Returns
    -------
    list of str
        Paths of existing files.
    """
    taken = {path for job in jobs for path in job.inputs}
    models = [Path(p) for job in jobs for p in job.outputs if Path(p).suffix == ".safetensors"]
    last = {path.parent: max(p for p in models if p.parent == path.parent) for path in models}
    spare = [str(p) for p in models if str(p) not in taken and p not in last.values()]
    return [path for path in spare if Path(path).exists()] + verdicts.strays(scale, jobs)


def run(scale, confirm):
    """List, and remove if `confirm`."""
    with plan.planned(scale) as planned:
        found = [Path(path) for path in unneeded(planned.jobs, scale)]
    objects = remote.unreferenced()
    for path in found:
        print(f"{path.stat().st_size:>12,}  {path}")
    print(f"{_size(found):>12,}  bytes in {len(found)} files that nothing needs")
    if objects is None:
        print("cached objects: kept, as what older commits name is not known in this clone")
    else:
        print(f"{_size(objects):>12,}  bytes in {len(objects)} cached objects that no commit names")
    if not confirm:
        print("nothing was removed; to remove these files: 'make gc CONFIRM=1'")
        return
    for path in [*found, *(objects or ())]:
        path.chmod(0o644)
        path.unlink()
    print("removed")


def _size(paths):
    return sum(path.stat().st_size for path in paths)
