"""Bring one target of the workflow up to date for DVC: the command of every stage in dvc.yaml.

python scripts/stage.py SCALE TARGET

DVC keeps what a stage made before, and would take whatever lies there for its output. So what does
not match its record is let go first; Snakemake then makes that again, and nothing else.
"""

import reproduce
from artefacts import acceptance, command


def main():
    """Judge, and run what is not up to date."""
    scale, target = command.arguments("SCALE", "TARGET")
    _, waiting = acceptance.accept(scale, target)
    if waiting:
        reproduce.run(scale, ["--cores", "all", "--", target])


if __name__ == "__main__":
    command.run(main)
