"""What it costs to ask if anything is left to do, and to hold all artefacts against their records.

python scripts/benchmarks/planning.py [SCALE] [REPEATS]

Of the artefacts of a scale (laptop) that are here, after `make pull`, say: `snakemake -n`; the same
plan within one process; and that plan with a verdict on every artefact, every byte hashed.
"""

import statistics
import subprocess
import sys
import time

ASK = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all", "--config"]
PLAN = """
import sys
sys.path.insert(0, "scripts")
from pipeline import plan, verdicts
with plan.planned(sys.argv[1]) as planned:
    if sys.argv[2] == "judge":
        print(sum(verdicts.count(verdicts.judge(planned.jobs)).values()))
    else:
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
        "plan and verdicts": [sys.executable, "-c", PLAN, scale, "judge"],
    }
    times, said = {name: [] for name in commands}, {}
    for _ in range(int(repeats)):
        for name, command in commands.items():
            taken, said[name] = seconds(command)
            times[name].append(taken)
    base = statistics.median(times["snakemake -n"])
    print(f"scale {scale}: {said['plan']} jobs, {said['plan and verdicts']} artefacts")
    for name, taken in times.items():
        middle, span = statistics.median(taken), f"{min(taken):.2f} to {max(taken):.2f}"
        print(f"{name:18} {middle:6.2f} s ({span}), {middle / base:.2f} ×")


if __name__ == "__main__":
    main()
