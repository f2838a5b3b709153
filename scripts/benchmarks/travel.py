"""What hashing, recording, sending and fetching artefacts cost, compared with copying them.

python scripts/benchmarks/travel.py [FILES] [MEGABYTES] [REPEATS]

Random bytes in a temporary repository with this project's DVC configuration, and a folder as
remote. Every step is taken in turn; medians, and ratios to plain copying.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from artefacts import objects
from pipeline import files

ROOT = Path(__file__).resolve().parents[2]
DVC = [sys.executable, "-m", "dvc"]


def call(*command, cwd):
    """Run a command in a folder, in silence."""
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)


def steps(folder):
    """Each step of an artefact's way from one clone to another, in order: name, function."""
    author, reader = folder / "author", folder / "reader"
    cache = author / ".dvc/cache/files/md5"
    return {
        "plain copy": lambda: shutil.copytree(author / "data", folder / "copy"),
        "SHA-256 (a verdict)": lambda: [*map(files.sha256, sorted((author / "data").iterdir()))],
        "record in dvc.lock": lambda: call(*DVC, "add", "-q", "data", cwd=author),
        "look through the cache": lambda: objects.damaged([*cache.glob("??/*")]),
        "push": lambda: call(*DVC, "push", "-q", cwd=author),
        "push of nothing new": lambda: call(*DVC, "push", "-q", cwd=author),
        "clone": lambda: clone(author, reader),
        "pull": lambda: call(*DVC, "pull", "-q", cwd=reader),
        "pull of nothing new": lambda: call(*DVC, "pull", "-q", cwd=reader),
    }


def clone(author, reader):
    """Commit what DVC has recorded, and clone it."""
    who = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost"]
    call("git", "add", "-A", cwd=author)
    call("git", *who, "commit", "-qm", "Data", cwd=author)
    call("git", "clone", "-q", author, reader, cwd=author)


def once(folder, n_files, n_bytes):
    """Seconds of each step, for that many files of that many bytes in all."""
    (folder / "author/data").mkdir(parents=True)
    for name in (".dvc/config", ".dvc/.gitignore"):
        (folder / "author" / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, folder / "author" / name)
    for n in range(n_files):
        (folder / f"author/data/{n:04d}").write_bytes(os.urandom(n_bytes // n_files))
    call("git", "init", "-q", cwd=folder / "author")
    (folder / "author/.gitignore").write_text("/published/\n")
    (folder / "published").mkdir()
    config = (folder / "author/.dvc/config").read_text().replace("../published", "../../published")
    (folder / "author/.dvc/config").write_text(config)
    taken = {}
    for name, step in steps(folder).items():
        start = time.perf_counter()
        step()
        taken[name] = time.perf_counter() - start
    return taken


def main():
    """Repeat, print medians and ratios."""
    n_files, megabytes, repeats = map(
        int, (sys.argv[1:] + ["500", "500", "3"][len(sys.argv) - 1 :])
    )
    times = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="artefacts-") as name:
            os.environ["DVC_SITE_CACHE_DIR"] = str(Path(name, "state"))
            times.append(once(Path(name), n_files, megabytes * 10**6))
    base = statistics.median(taken["plain copy"] for taken in times)
    print(f"{n_files} files, {megabytes} MB, {repeats} repeats")
    for name in times[0]:
        each = [taken[name] for taken in times]
        middle, span = statistics.median(each), f"{min(each):.2f} to {max(each):.2f}"
        print(f"{name:23} {middle:6.2f} s ({span}), {middle / base:5.1f} × plain copy")


if __name__ == "__main__":
    main()
