"""Bring artefacts here, hold them against their records, and let Snakemake take those that match.

python scripts/pull.py SCALE [WHAT] [REMOTE] [FORCE]
"""

from artefacts import acceptance, command, remote, verdicts


def main():
    """Pull, judge, say what there is and what is left to do."""
    scale, what, name, force = command.arguments("SCALE", "WHAT", "REMOTE", "FORCE")
    name = remote.check(name)
    outs = remote.outputs(scale)
    paths = remote.select(outs, what or "figures", scale)
    print(f"pulling {what or 'figures'} of scale {scale} from '{name}' ...", flush=True)
    remote.pull(paths, name, force=bool(force))
    found, waiting = acceptance.accept(scale)
    if _suspect(found) and (n := remote.mend_cache()):
        print(f"{n} damaged objects were in the cache; pulling them again ...", flush=True)
        remote.pull(paths, name, force=True)
        found, waiting = acceptance.accept(scale)
    return verdicts.tell(found, waiting)


def _suspect(found):
    """Whether something that is here is not what its record says, or has no readable record."""
    return any(
        verdict.here and (not verdict.record or not (verdict.reasons or verdict.matches))
        for verdict in found
    )


if __name__ == "__main__":
    command.run(main)
