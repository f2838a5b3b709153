"""Free the disk of what neither figures nor later generations need; says first what that is.

python scripts/cleanup.py SCALE [CONFIRM]
"""

from pathlib import Path

from artefacts import command, plan, remote, verdicts


def unneeded(jobs, scale):
    """Checkpoints that no job takes, but for the last of each chain; and files of no job.

    Parameters
    ----------
    jobs : list of artefacts.plan.Job
    scale : str

    Returns
    -------
    list of str
        Paths of files that are here.
    """
    taken = {path for job in jobs for path in job.inputs}
    models = [Path(p) for job in jobs for p in job.outputs if Path(p).suffix == ".safetensors"]
    last = {path.parent: max(p for p in models if p.parent == path.parent) for path in models}
    spare = [str(p) for p in models if str(p) not in taken and p not in last.values()]
    return [path for path in spare if Path(path).exists()] + verdicts.strays(scale, jobs)


def main():
    """List, and remove if confirmed."""
    scale, confirm = command.arguments("SCALE", "CONFIRM")
    with plan.planned(scale) as planned:
        found = unneeded(planned.jobs, scale)
    objects = remote.unreferenced()
    for path in found:
        print(f"{Path(path).stat().st_size:>12,}  {path}")
    here, cached = (
        sum(Path(p).stat().st_size for p in found),
        sum(p.stat().st_size for p in objects),
    )
    print(f"{here:>12,}  bytes in {len(found)} files that nothing needs")
    print(f"{cached:>12,}  bytes in {len(objects)} cached objects that no commit or file names")
    if not confirm:
        print("nothing was removed: 'make gc CONFIRM=1' removes them")
        return
    for path in [*map(Path, found), *objects]:
        path.chmod(0o644)
        path.unlink()
    print("removed")


if __name__ == "__main__":
    command.run(main)
