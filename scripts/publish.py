"""Record a finished run's artefacts in dvc.lock, and send them to a remote.

python scripts/publish.py SCALE [WHAT] [REMOTE] [CHECK]

With CHECK all that is in the remote is read back and hashed; otherwise sizes are compared.
"""

from artefacts import acceptance, command, remote, verdicts
from collapse.errors import UserError


def main():
    """Refuse what is unfinished or does not match; record; send."""
    scale, what, name, check = command.arguments("SCALE", "WHAT", "REMOTE", "CHECK")
    what, name = what or "figures", remote.check(name)
    remote.check_room(what, name)
    stages = remote.stages(scale)
    found, waiting = acceptance.accept(scale, *stages.values())
    if waiting:
        verdicts.tell(found, waiting)
        raise UserError(
            f"the run of scale {scale} is not finished, {len(waiting)} jobs are left: 'make "
            f"reproduce SCALE={scale}' first, then publish."
        )
    if unknown := verdicts.strays(scale, [verdict.job for verdict in found]):
        raise UserError(
            f"{unknown[0]} is made by no job of this configuration (and {len(unknown) - 1} more): "
            "'make gc' lists such files and removes them."
        )
    if n := remote.mend_cache():
        print(f"{n} damaged objects were in the cache; they are taken again from the files here")
    print(f"recording scale {scale} in dvc.lock ...", flush=True)
    remote.reproduce(stages)
    paths = remote.select(remote.outputs(scale), what, scale)
    print(f"sending {what} to '{name}' ...", flush=True)
    if mended := remote.push(paths, name, read=bool(check)):
        print(f"{mended} objects were damaged there and have been sent again")
    print(
        f"published. For others to find it: git add dvc.lock results/{scale}, with the remote's "
        "folder if it is one of this repository; commit; push"
    )


if __name__ == "__main__":
    command.run(main)
