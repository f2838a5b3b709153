"""A small project of artefacts with this project's commands and DVC configuration, for fast tests.

Its files are random numbers, but DVC versions them like the real ones: `tests/toy_project` has a
dvc.yaml of the same shape, and commands whose verdicts on artefacts need no workflow.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOY = Path(__file__).with_name("toy_project")
SHARED = (
    *(".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore", ".gitattributes", "scripts"),
)
CACHE = ".dvc/cache/files/md5"


class Project:
    """A folder with a git and DVC repository in it.

    Parameters
    ----------
    folder : Path
    environment : dict
        Variables for all commands, in addition to those of this process.
    """

    def __init__(self, folder, **environment):
        self.folder = Path(folder)
        self.environment = {
            "DVC_SITE_CACHE_DIR": str(self.folder.parent / "dvc-state"),
            "DVC_GLOBAL_CONFIG_DIR": str(self.folder.parent / "no-configuration"),
            "PYTHONPATH": "scripts",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **environment,
        }

    @classmethod
    def new(cls, folder):
        """A repository without artefacts; its commands are copies of this project's."""
        folder.mkdir(parents=True)
        for path in SHARED:
            _copy(ROOT / path, folder / path)
        _copy(TOY, folder)
        self = cls(folder)
        self.git("init", "--quiet")
        self.commit()
        return self

    def copy(self, folder):
        """Copy the whole folder, with cache, lock and results."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def clone(self, folder):
        """Clone the repository: the files that are in git, nothing else."""
        self.git("clone", "--quiet", ".", str(folder))
        return Project(folder)

    def commit(self):
        """Commit every file that git does not ignore."""
        self.git("add", "--all")
        who = ("-c", "user.name=toy", "-c", "user.email=toy@localhost")
        self.git(*who, "commit", "--quiet", "--message", "toy")

    def git(self, *options):
        return self._checked("git", *options)

    def dvc(self, *options):
        """Call DVC directly; a failure fails the test."""
        return self._checked(sys.executable, "-m", "dvc", *options)

    def add_remote(self, name, url, *, file=".dvc/config.local", **options):
        """Add a remote to a file of DVC's configuration, as ``dvc remote add`` and ``modify`` do.

        DVC itself takes a second for each line.
        """
        with open(self.folder / file, "a", encoding="utf-8") as config:
            config.write(f"['remote \"{name}\"']\n")
            config.writelines(
                f"{key} = {value}\n" for key, value in ({"url": url} | options).items()
            )
        return self

    def start(self, action, *arguments, **options):
        """Start pull, publish or send; returns the running process.

        Parameters
        ----------
        action : {'pull', 'publish', 'send'}
        *arguments : str
            See `tests/toy_project/scripts/toy_command.py`.
        **options
            Of `subprocess.Popen`; words in `before` precede the command.
        """
        return subprocess.Popen(
            [
                *options.pop("before", ()),
                sys.executable,
                "scripts/toy_command.py",
                action,
                *arguments,
            ],
            cwd=self.folder,
            env={**os.environ, **self.environment, **options.pop("environment", {})},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **options,
        )

    def run(self, action, *arguments, **options):
        """Run a command to its end."""
        process = self.start(action, *arguments, **options)
        out, error = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, error)

    def succeed(self, action, *arguments, **options):
        """Run a command that must succeed; returns what it printed."""
        done = self.run(action, *arguments, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def fail(self, action, *arguments, **options):
        """Run a command that must end with status 1 and one line of error; returns the line."""
        done = self.run(action, *arguments, **options)
        assert done.returncode == 1, done.stdout + done.stderr
        line, *more = done.stderr.splitlines()
        assert line.startswith("ERROR: ") and line.endswith(".") and not more, done.stderr
        return line

    def artefacts(self):
        """SHA-256 of every file in the folders that DVC versions, by path; leftovers included."""
        found = hashes(self.folder, "data", "results")
        return {path: digest for path, digest in found.items() if "/figures/" not in path}

    def cached(self):
        """Paths of all objects in the cache."""
        return objects(self.folder / CACHE)

    def object_of(self, path, store=None):
        """Path of the object with a file's bytes, in the cache or below a remote's folder."""
        digest = hashlib.md5((self.folder / path).read_bytes()).hexdigest()
        return object_path(store or self.folder / ".dvc/cache", digest)

    def _checked(self, *command):
        environment = {**os.environ, **self.environment}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def hashes(folder, *parts):
    """SHA-256 of every file below parts of a folder, by path."""
    paths = (path for part in parts for path in Path(folder, part).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): _sha256(path) for path in paths}


def objects(store):
    """Paths of all objects of a cache or remote, without half-written ones."""
    return sorted(path for path in Path(store).glob("??/*") if not path.name.startswith("."))


def object_path(store, digest):
    """Path of an object below a cache or a remote."""
    return Path(store, "files/md5", digest[:2], digest[2:])


def flip(path):
    """Change one bit of a file; its size, mode and modification time stay."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    _overwrite(path, bytes(content))


def truncate(path):
    """Cut a file in half; its mode and modification time stay."""
    _overwrite(path, path.read_bytes()[: path.stat().st_size // 2])


def is_whole(path):
    """Whether an object's content has the MD5 that is its name."""
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    return digest == (path.parent.name + path.name).removesuffix(".dir")


def _overwrite(path, content):
    status = path.stat()
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(status.st_mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _copy(source, target):
    """Copy a file, or the contents of a folder into one that may exist."""
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignored)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
