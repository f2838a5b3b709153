"""Snakemake's own linter, without its advice on conda and containers: packages are pinned here."""

import re
import subprocess
import sys

# one pinned .venv serves all rules; see requirements.txt
NOT_WANTED = "Specify a conda environment or container for each rule"


def advice():
    """Advice of ``snakemake --lint`` that is to be followed.

    Returns
    -------
    list of str
        Lines that name rule or file and the advice; empty if there is none.
    """
    command = [sys.executable, "-m", "snakemake", "--lint"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse(answer.stdout + answer.stderr)


def parse(text):
    """Advice in the linter's output, each with the rule or file it is about.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of str
        The output itself if it is not that of the linter.
    """
    if "Lints for" not in text and "Congratulations" not in text:
        return text.strip().splitlines() or ["snakemake --lint printed nothing"]
    found, about = [], "the workflow"
    for line in text.splitlines():
        if heading := re.match(r"Lints for (.*):", line):
            about = heading[1]
        elif (item := re.match(r"    \* (.*)$", line)) and NOT_WANTED not in item[1]:
            found.append(f"{about}: {item[1]}")
    return found
