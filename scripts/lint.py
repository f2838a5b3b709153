"""Snakemake's own linter, without its advice on conda and containers: packages are pinned here.

Exits with status 1 if any other advice is left.
"""

import re
import subprocess
import sys

# one pinned .venv serves all rules; see requirements.txt
NOT_WANTED = "Specify a conda environment or container for each rule"


def main():
    """Print what is left of the advice."""
    command = [sys.executable, "-m", "snakemake", "--lint"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    text = answer.stdout + answer.stderr
    advice = [line for line in re.findall(r"^    \* (.*)$", text, re.M) if NOT_WANTED not in line]
    if advice or ("Lints for" not in text and "Congratulations" not in text):
        sys.exit("\n".join(advice) or text)


if __name__ == "__main__":
    main()
