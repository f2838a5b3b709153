"""Running Snakemake in a checkout, and reading what it says."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SMOKE = ("--config", "scale=smoke")


def copy_tree(folder):
    """Copy the working tree without results, as a clone would have it; returns the folder."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT
    )
    for file in filter(None, listed.decode().split("\0")):
        if (ROOT / file).is_file() and not file.startswith("results/"):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)
    return folder


class Checkout:
    """A copy of the project in which workflows are run."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def call(self, *command):
        """Run a command in the folder; returns the finished process with its output as text."""
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=1800
        )

    def snakemake(self, *options):
        return self.call(sys.executable, "-m", "snakemake", *options)

    def run(self, *options):
        """Run Snakemake and fail the test with its output if it fails."""
        done = self.snakemake(*options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def planned(self, *targets, config=()):
        """Jobs that a dry run lists: {rule: count}, without the target rule.

        The report, which follows from every other job, counts only where it is alone.
        """
        done = self.run("-n", "--config", "scale=smoke", *config, "--", *targets)
        text = done.stdout + done.stderr
        if "Nothing to be done" in text:
            return {}
        table = re.search(r"^job +count\n-+ +-+\n(.*?)^total", text, re.M | re.S)
        rows = (line.split() for line in table[1].splitlines() if line.strip())
        found = {rule: int(count) for rule, count in rows if rule != "all"}
        return {rule: n for rule, n in found.items() if rule != "report" or len(found) == 1}

    def replace(self, file, old, new):
        """Edit a file; the text to replace must stand there exactly once."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def forget(self):
        """Lose what Snakemake remembers of earlier runs, as a clone does."""
        shutil.rmtree(self.folder / ".snakemake")

    def hashes(self, folder="results"):
        """SHA-256 of every file below a folder, by path."""
        paths = (path for path in (self.folder / folder).rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in paths
        }
