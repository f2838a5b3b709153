"""Running and planning the workflow in a checkout, and reading what it says."""

import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
SMOKE = ("--config", "scale=smoke")
HASHES = ".snakemake/hashes.json"
OWN = ("collapse", "pipeline", "report", "sources", "artefacts", "cluster")

# plans are made in children of one process that has imported what all of them need
_planners = multiprocessing.get_context("forkserver")
_planners.set_forkserver_preload(
    [
        *("snakemake.api", "snakemake.cli", "snakemake.report", "smart_open", "jinja2", "yte"),
        *("docutils.core", "PIL.Image", "numpy", "yaml", "pydantic", "networkx"),
    ]
)


def copy_tree(folder):
    """Copy the working tree without results and their remote; returns the folder."""
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT
    )
    for file in filter(None, listed.decode().split("\0")):
        if (ROOT / file).is_file() and not file.startswith(("results/", "published/")):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)
    return folder


def once(tmp_path_factory, worker_id, name, make):
    """Make a file or folder once a session, for all of its worker processes.

    Parameters
    ----------
    tmp_path_factory, worker_id
        pytest's fixtures.
    name : str
    make : callable
        Takes the path that it has to create. If it fails, the next caller tries again.

    Returns
    -------
    Path
    """
    here = tmp_path_factory.getbasetemp()
    place = (here if worker_id == "master" else here.parent) / name
    partial = place.with_name(f"{name}-partial")
    with FileLock(f"{place}.lock"):
        if not place.exists():
            shutil.rmtree(partial, ignore_errors=True)
            make(partial)
            partial.rename(place)
    return place


def take_over_hashes(original, copy):
    """Let a copy of a checkout know the hashes of its files as the original does.

    Reading all code again takes half of the time of a plan.

    Parameters
    ----------
    original, copy : Path
        Both with the same files, and the original's cache of hashes.
    """
    from pipeline import hashes  # not at the top: planners import this module

    cache, entries = copy / HASHES, {}
    for key, (known, value) in json.loads(cache.read_text().partition("\n")[2]).items():
        kind, _, name = key.partition(":")
        path = original / name  # some names are absolute
        if path.is_relative_to(original) and path.exists() and identity(path) == known:
            copied = copy / path.relative_to(original)
            place = copied if Path(name).is_absolute() else name
            entries[f"{kind}:{place}"] = [identity(copied), value]
    cache.write_text(hashes.dumped(entries))


def identity(path):
    """What `pipeline.hashes` knows a file by."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


class Checkout:
    """A copy of the project in which workflows are run."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def call(self, *command, env=None):
        """Run a command in the folder; returns the finished process with its output as text."""
        return subprocess.run(
            command,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=1800,
            env={**os.environ, **(env or {})},
        )

    def snakemake(self, *options, env=None):
        """Run plain Snakemake."""
        return self.call(sys.executable, "-m", "snakemake", *options, env=env)

    def run(self, *options):
        """Run plain Snakemake and fail the test with its output if it fails."""
        done = self.snakemake(*options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def command(self, *arguments, env=None):
        """Run a sub-command of the project's command line."""
        return self.call(sys.executable, "scripts/cli.py", *arguments, env=env)

    def plan(self, *targets, scale="smoke", config=(), fresh=False):
        """Jobs that Snakemake would run, and what does not match its record.

        With `fresh`, as ``make verify`` sees it, which trusts no hash of earlier runs.

        Returns
        -------
        dict
            ``waiting``: {rule: count}, without the report unless it is alone, as it follows from
            every other job. ``differing``: {path: reason}. ``absent``: number of missing files.
            ``rules``: {path: rule}. ``jobs``: a list of (rule, inputs, outputs, record).
        """
        receiver, sender = _planners.Pipe(duplex=False)
        process = _planners.Process(
            target=_plan, args=(sender, str(self.folder), scale, targets, config, fresh)
        )
        process.start()
        sender.close()
        try:
            answer = receiver.recv()
        except EOFError:
            answer = {"error": f"the planning process ended with status {process.exitcode}"}
        process.join()
        assert "error" not in answer, answer["error"]
        return answer

    def planned(self, *targets, config=()):
        """Rules and numbers of the jobs that Snakemake would run, see `plan`."""
        return self.plan(*targets, config=config)["waiting"]

    def replace(self, file, old, new):
        """Edit a file; it must contain the text to replace exactly once."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} contains {old!r} {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def forget(self):
        """Lose what Snakemake remembers of earlier runs, as a clone does.

        The project's cache of hashes stays: it knows a file by its identity on this disk.
        """
        hashes = (self.folder / HASHES).read_bytes()
        shutil.rmtree(self.folder / ".snakemake")
        (self.folder / HASHES).parent.mkdir()
        (self.folder / HASHES).write_bytes(hashes)

    def hashes(self, folder="results"):
        """SHA-256 of every file below a folder, by path."""
        paths = (path for path in (self.folder / folder).rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in paths
        }


def _plan(sender, folder, scale, targets, config, fresh):
    """Plan in a process of its own, with the checkout's code; send the answer."""
    os.chdir(folder)
    sys.path[:] = [f"{folder}/scripts", *(p for p in sys.path if p != str(ROOT / "scripts"))]
    assert not [name for name in sys.modules if name.split(".")[0] in OWN]
    try:
        sender.send(_answer(scale, targets, config, fresh))
    except SystemExit as error:
        sender.send({"error": str(error)})
    except Exception as error:
        sender.send({"error": f"{type(error).__name__}: {error}"})
    sender.close()


def _answer(scale, targets, config, fresh):
    import collections

    from pipeline import configuration, plan, verdicts

    given = configuration.given(config)
    with plan.planned(scale, *targets, given=given, fresh=fresh) as planned:
        waiting = collections.Counter(job.rule for job in planned.waiting)
        if len(waiting) > 1:
            del waiting["report"]
        states = [(path, s, v) for v in planned.verdicts for path, s in v.states.items()]
        return {
            "waiting": dict(waiting),
            "differing": {path: verdicts.why(v) for path, s, v in states if s == verdicts.DIFFERS},
            "absent": sum(s == verdicts.ABSENT for _, s, _ in states),
            "rules": {path: v.job.rule for path, _, v in states},
            "jobs": [(job.rule, job.inputs, job.outputs, job.record) for job in planned.jobs],
        }
