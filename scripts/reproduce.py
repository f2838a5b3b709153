"""Run the workflow and say where its figures are; goes on where a killed run stopped.

python scripts/reproduce.py SCALE [any snakemake option ...]
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def other_runs():
    """Process numbers of snakemake processes that work in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            here = (process / "cwd").resolve() == ROOT
        except OSError:
            continue
        if here and any(word.endswith(b"snakemake") for word in words[:3]):
            found.append(int(process.name))
    return found


def with_scale(options, scale):
    """Snakemake's options with the scale among the values of --config, of which the last counts."""
    options = list(options)
    place = options.index("--config") + 1 if "--config" in options else len(options)
    new = [f"scale={scale}"] if "--config" in options else ["--config", f"scale={scale}"]
    return [*options[:place], *new, *options[place:]]


def main():
    """Check the folder, clear a dead run's lock, run, say where the figures are."""
    scale, *options = sys.argv[1:]
    os.chdir(ROOT)
    try:
        with tempfile.TemporaryFile(dir=ROOT) as file:
            file.write(b"\0" * 2**20)
    except OSError as error:
        sys.exit(f"ERROR: {ROOT} cannot be written to ({error.strerror}): mend that, run again.")
    snakemake = [sys.executable, "-m", "snakemake", "--quiet", "host", "rules"]
    options = with_scale(options, scale)
    locks = ROOT / ".snakemake" / "locks"
    if locks.is_dir() and any(locks.iterdir()):
        if running := other_runs():
            sys.exit(f"ERROR: snakemake already runs in this folder (process {running[0]}): wait.")
        print("an earlier run was killed; going on where it stopped", flush=True)
        unlock = [*snakemake, *with_scale([], scale), "--unlock"]
        subprocess.run(unlock, capture_output=True, check=False)
    process = subprocess.Popen([*snakemake, *options])
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.wait()  # the terminal has told it too; it ends its jobs
        sys.exit("\nstopped; the same command goes on from here")
    if status:
        sys.exit("ERROR: the run did not finish: mend what is said above and run it again.")
    results = Path("results") / scale
    if (results / "report.html").is_file():
        print(f"\nAll figures, tables and verdicts are on one page: {results}/report.html.")
    elif (results / "figures").is_dir():
        print(f"\nFigures are in {results}/figures, tables in {results}/tables.")


if __name__ == "__main__":
    main()
