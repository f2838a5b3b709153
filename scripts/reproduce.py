"""Run the workflow and say where its figures are; goes on where a killed run stopped.

python scripts/reproduce.py SCALE [any snakemake option ...]
"""

import itertools
import subprocess
import sys
from pathlib import Path

from artefacts import acceptance, command, orphans
from collapse.errors import UserError

ATTEMPTS = 3  # runs of Snakemake, where each comes to wait for jobs that Slurm has lost


def split_config(options):
    """Snakemake's options without --config, and the values that were given with that."""
    end = options.index("--") if "--" in options else len(options)
    others, values, into = [], [], None
    for option in options[:end]:
        if option.startswith("-"):
            name, _, value = option.partition("=")
            into = values if name in ("--config", "-C") else others
            option = value if into is values else option
        (others if into is None else into).append(option)
    return [*others, *options[end:]], list(filter(None, values))


def with_config(options, config):
    """Snakemake's options with values of the configuration, of which the last counts."""
    end = options.index("--") if "--" in options else len(options)
    return [*options[:end], "--config", *config, *options[end:]]


def check_profile(options):
    """Refuse a profile that is not there; Snakemake would tell it with a page of its options."""
    for before, profile in itertools.pairwise(options):
        if before == "--profile" and not Path(profile, "config.yaml").is_file():
            known = sorted(path.parent.name for path in Path("workflow/profiles").glob("*/*.yaml"))
            raise UserError(
                f"PROFILE={Path(profile).name} has no {profile}/config.yaml: choose one of "
                f"{', '.join(known)}, or make that file."
            )


def run(scale, options):
    """Clear what a killed run left, then run Snakemake; the folder's own lock is held.

    Raises
    ------
    UserError
        If the run does not finish.
    """
    options, config = split_config(options)
    config = [*config, f"scale={scale}"]
    snakemake = [sys.executable, "-m", "snakemake", "--quiet", "host", "rules"]
    for _ in range(ATTEMPTS):
        locks = Path(".snakemake", "locks")
        if locks.is_dir() and any(locks.iterdir()):
            go_on(scale, snakemake, config)
        Path(orphans.EXECUTOR).unlink(missing_ok=True)
        process = subprocess.Popen([*snakemake, *with_config(options, config)])
        try:
            status = orphans.watched(process, Path())
        except KeyboardInterrupt:
            process.wait()  # the terminal has told it too; it ends its jobs
            raise
        if status is not None:
            break
    if status != 0:
        raise UserError("the run did not finish: mend what is said above and run it again.")


def go_on(scale, snakemake, config):
    """After a run that was killed: keep what its jobs have finished, remove what they have not."""
    orphans.check_host(".")
    print("an earlier run was killed; going on where it stopped", flush=True)
    orphans.settle(".")
    unlock = [*snakemake, "--unlock", *with_config([], config)]
    subprocess.run(unlock, capture_output=True, check=False)
    for path in [*Path("data").rglob(".*.tmp*"), *Path("results", scale).rglob(".*.tmp*")]:
        path.unlink()
    acceptance.accept(scale, config=config)


def main():
    """Run, say where the figures are."""
    scale, *options = sys.argv[1:]
    check_profile(options)
    run(scale, options)
    results = Path("results") / scale
    if (results / "report.html").is_file():
        print(f"\nAll figures, tables and verdicts are on one page: {results}/report.html.")
    elif (results / "figures").is_dir():
        print(f"\nFigures are in {results}/figures, tables in {results}/tables.")


if __name__ == "__main__":
    command.run(main)
