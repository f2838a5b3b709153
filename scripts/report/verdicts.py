"""The verdicts of all scales side by side: docs/verdicts-by-scale.md, from committed results."""

import argparse
import sys

from collapse.claims import tables
from pipeline import files, paths

PAGE = "docs/verdicts-by-scale.md"
ORDER = ("laptop", "pretrained", "paper", "as_released")  # scales that tests use are left out
HEAD = """\
# Verdicts by scale

What does each scale say about each claim of the paper?

This page is generated from `results/*/tables/claims.json` by
`PYTHONPATH=scripts python -m report.verdicts`. [verdicts.md](verdicts.md) explains what a verdict
means. The full tables, with every check and its control:
"""


def page():
    """The page as text; the same results give the same text."""
    found = {scale: paths.source(f"results/{scale}/tables/claims.json") for scale in ORDER}
    judged = {
        scale: files.read_json(path)["claims"] for scale, path in found.items() if path.is_file()
    }
    links = [f"- [{scale}](../results/{scale}/tables/claims.md)" for scale in judged]
    return "\n".join([HEAD, *links, "", tables.side_by_side(judged)])


def main(argv=None):
    """Write the page; with ``--check``, exit 1 with one line if it is out of date."""
    parser = argparse.ArgumentParser(prog="python -m report.verdicts", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    path, text = paths.source(PAGE), page()
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return 0
    if parser.parse_args(argv).check:
        print(f"{PAGE} differs from the results: run python -m report.verdicts.")
        return 1
    files.write_text(path, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
