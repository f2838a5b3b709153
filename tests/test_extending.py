"""docs/extending.md adds a family in at most 150 lines, and says truly how many each file takes."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACES = ["config.yaml", "workflow/**/*", "scripts/**/*.py", "tests/test_*.py"]


def lines_of_the_family(path):
    """Lines of a file that are there for the family: all of its own file; elsewhere those that name
    it, and what is indented below them. Blank lines do not count."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if "kde" in path.name:
        return len(lines)
    count, section = 0, None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if section is not None and indent <= section:
            section = None
        named = re.search(r"\bkde\b|\bkde_", line) is not None
        if (named and line.endswith(":")) or re.match(r" *kde: ", line):
            section = indent
        count += named or section is not None
    return count


def test_the_guide_counts_right_and_a_family_is_short():
    paths = {path for place in PLACES for path in ROOT.glob(place) if path.is_file()}
    paths -= {Path(__file__).resolve()} | {path for path in paths if "__pycache__" in path.parts}
    counts = {path.relative_to(ROOT).as_posix(): lines_of_the_family(path) for path in paths}
    found = {path: count for path, count in counts.items() if count}
    guide = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[?([\w./]+)(?:\]\S+)? \| (\d+) \|", guide, re.M)
    told = {name: int(count) for name, count in rows}
    assert told.pop("together") == sum(told.values()) <= 150
    assert told == found
