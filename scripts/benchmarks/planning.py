"""What it costs to ask if anything is left to do, and to compare all artefacts with their records.

python scripts/benchmarks/planning.py [SCALE] [REPEATS]

For the artefacts of a scale (laptop by default) that are here: `snakemake -n`; the same plan within
one process; and that plan without the cache of hashes, so that every byte is hashed.
"""

import statistics
import subprocess
import sys
import time

ASK = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", "--config"]
PLAN = """
import sys
sys.path.insert(0, "scripts")
from pipeline import plan
with plan.planned(sys.argv[1], fresh=sys.argv[2] == "fresh") as planned:
    print(len(planned.jobs))
"""


def seconds(command):
    """Wall time of a command, and the last line that it prints."""
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, done.stdout.strip().rpartition("\n")[2]


def main():
    """Take turns, print medians and ratios."""
    scale, repeats = (sys.argv[1:] + ["laptop", "3"][len(sys.argv) - 1 :])[:2]
    commands = {
        "snakemake -n": [*ASK, f"scale={scale}"],
        "plan": [sys.executable, "-c", PLAN, scale, "plan"],
        "plan, all hashed": [sys.executable, "-c", PLAN, scale, "fresh"],
    }
    times, said = {name: [] for name in commands}, {}
    for _ in range(int(repeats)):
        for name, command in commands.items():
            taken, said[name] = seconds(command)
            times[name].append(taken)
    base = statistics.median(times["snakemake -n"])
    print(f"scale {scale}: {said['plan']} jobs")
    for name, taken in times.items():
        middle, span = statistics.median(taken), f"{min(taken):.2f} to {max(taken):.2f}"
        print(f"{name:18} {middle:6.2f} s ({span}), {middle / base:.2f} ×")


if __name__ == "__main__":
    main()
