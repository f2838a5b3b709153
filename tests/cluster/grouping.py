"""What a generation costs on Slurm in addition to its work: a job each, or one job for a run.

tests/cluster/with_slurm.sh .venv/bin/python tests/cluster/grouping.py

Prints the seconds of a chain of VAEs that take a second each, on this machine alone and through
both engines, and the ratio to the first.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from workflow_tools import Checkout, copy_tree

LAST = 5
CHAIN = "results/smoke/vae/metrics/replace/run00.npz"
BEFORE = "results/smoke/vae/models/digit_classifier.safetensors"
PLACES = {
    "this machine": ("--cores", "2"),
    "slurm": ("--profile", "slurm"),
    "cluster-generic": ("--profile", "cluster-generic"),
}


def seconds(place, grouped):
    """Of the chain's jobs, from the command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(copy_tree(Path(folder, "checkout")))
        checkout.replace("workflow/scales/smoke.yaml", "  last_generation: 2\n  images: 300",
                         f"  last_generation: {LAST}\n  images: 300")  # fmt: skip
        checkout.replace(
            "config.yaml", "  grouped: [gaussian, gmm, vae, lm]", f"  grouped: [{'vae' * grouped}]"
        )
        reproduce = ("reproduce", "--scale", "smoke")
        assert checkout.command(*reproduce, "--cores", "2", "--target", BEFORE).returncode == 0
        begun = time.monotonic()
        done = checkout.command(*reproduce, *PLACES[place], "--target", CHAIN)
        assert done.returncode == 0, done.stdout + done.stderr
        return time.monotonic() - begun


def main():
    """Time each and print."""
    if "SLURM_CONF" not in os.environ:
        sys.exit("ERROR: no Slurm is running here: start this by tests/cluster/with_slurm.sh.")
    base = seconds("this machine", True)
    print(f"{LAST + 1} generations and their evaluation, each after the other")
    print(f"{'this machine':16} {'':9} {base:6.0f} s")
    for place in ("slurm", "cluster-generic"):
        for grouped in (True, False):
            took = seconds(place, grouped)
            how = "grouped" if grouped else "one by one"
            print(f"{place:16} {how:10} {took:6.0f} s  ×{took / base:.1f}", flush=True)


if __name__ == "__main__":
    main()
