"""Judge the artefacts that are here, and let Snakemake take those that match for up to date.

python scripts/accept.py SCALE
"""

from artefacts import acceptance, command, verdicts


def main():
    """Judge, tell."""
    (scale,) = command.arguments("SCALE")
    return verdicts.tell(*acceptance.accept(scale))


if __name__ == "__main__":
    command.run(main)
