"""Build the archive of a release, dist/model-collapse-VERSION.tar.gz, from the last commit.

The archive holds the files of the commit (with the published artefacts, figures and tables), the
report page of each published scale, a description of its run, and SHA-256 sums. Before it is
written, every figure is drawn again in a copy of exactly these files, as a reader would do it.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from collapse.errors import UserError
from pipeline import checksums, dvc_yaml, files

from artefacts import crate, metadata

NAME = "model-collapse"
SUMS = "SHA256SUMS"


def run():
    """Build the archive, check that all figures can be drawn from it, and write it to dist/.

    Raises
    ------
    UserError
        If files are changed but not committed, descriptions are out of date, or a figure cannot be
        drawn or comes out different.
    """
    check_committed()
    check_described()
    name, scales = f"{NAME}-{metadata.version()}", dvc_yaml.scales()
    with tempfile.TemporaryDirectory() as folder:
        tree, copy = Path(folder, name), Path(folder, "copy", name)
        export(tree)
        shutil.copytree(tree, copy)
        for scale in scales:
            draw(copy, scale)
            compare(tree, copy, scale)
        complete(tree, copy, scales)
        path = Path("dist", f"{name}.tar.gz")
        write(path, tree, commit_time(), executables())
        n = check(path)
    print(f"{path}: {n} files, {path.stat().st_size / 1e6:.1f} MB, SHA-256 {files.sha256(path)}")


def check_committed():
    """Raise a UserError if files of git are changed: the archive is made from the last commit."""
    if changed := git("status", "--porcelain", "--untracked-files=no").splitlines():
        raise UserError(
            f"{len(changed)} changed files are not committed (the first is {changed[0][3:]}), and "
            "the archive is made from the last commit: commit or discard them."
        )


def check_described():
    """Raise a UserError if a description has another version or date than the sources say."""
    if found := metadata.outdated():
        raise UserError(
            f"{', '.join(found)} differ from pyproject.toml, CHANGELOG.md and CITATION.cff: run "
            "'PYTHONPATH=scripts .venv/bin/python -m artefacts.metadata' and commit."
        )


def export(folder):
    """Write the files of the last commit to a folder."""
    folder.mkdir(parents=True)
    with tempfile.TemporaryFile() as packed:
        subprocess.run(["git", "archive", "--format=tar", "HEAD"], stdout=packed, check=True)
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(folder, filter="data")


def draw(folder, scale):
    """Draw all figures and the report of a scale in a folder, from what it publishes."""
    print(f"drawing all figures of scale {scale} from what the archive holds ...", flush=True)
    shutil.rmtree(folder / f"results/{scale}/figures", ignore_errors=True)
    for command in ("pull", "render"):
        done = _call(folder, command, "--scale", scale)
        if done.returncode:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
            raise UserError(
                f"'make {command} SCALE={scale}' fails in a folder with only the archive's files: "
                f"{reason.removeprefix('ERROR: ')}"
            )


def compare(tree, copy, scale):
    """Raise a UserError if a figure that was drawn again has other bytes than the committed one."""
    committed = sorted((tree / f"results/{scale}/figures").iterdir())
    other = [path.name for path in committed if not _same(path, copy / path.relative_to(tree))]
    if other or not committed:
        raise UserError(
            f"{len(other)} of {len(committed)} figures of scale {scale} differ from the committed "
            f"ones when they are drawn again (the first is {(other or ['none'])[0]}): run 'make "
            f"render SCALE={scale}' and commit them."
        )
    print(f"{len(committed)} files of figures have the same bytes")


def complete(tree, copy, scales):
    """Add the report pages, the description of the runs and the sums to a folder."""
    for scale in scales:
        page = f"results/{scale}/report.html"
        shutil.copyfile(copy / page, tree / page)
    runs = {scale: records_of(copy, scale) for scale in scales}
    about = metadata.citation()
    described = crate.describe(runs, about, lambda path: (tree / path).is_file(), published=True)
    files.write_json(tree / crate.FILE, described)
    checksums.write(tree / SUMS, [path for path in tree.rglob("*") if path.is_file()])


def records_of(folder, scale):
    """Records of all jobs of a scale, and of those that obtained data, below a folder."""
    found = [
        *folder.glob(f"results/{scale}/records/**/*.json"),
        *folder.glob("data/records/**/*.json"),
    ]
    return [files.read_json(path) for path in sorted(found)]


def write(path, tree, time, executable=()):
    """Pack a folder; the same files and time give the same bytes.

    Parameters
    ----------
    path : Path
        Archive to write, atomically.
    tree : Path
        Folder; its name is the name of the archive's only folder.
    time : int
        Of all files, seconds since 1970.
    executable : container of str
        Paths of files that may be executed.
    """
    inside = sorted(file.relative_to(tree).as_posix() for file in tree.rglob("*") if file.is_file())
    with (
        files.replacing(path) as partial,
        open(partial, "wb") as raw,
        gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name in inside:
            member = tarfile.TarInfo(f"{tree.name}/{name}")
            member.mtime, member.mode = time, 0o755 if name in executable else 0o644
            member.size = (tree / name).stat().st_size
            with open(tree / name, "rb") as file:
                archive.addfile(member, file)


def check(path):
    """Unpack an archive and compare every file with the sums in it.

    Returns
    -------
    int
        Number of files.

    Raises
    ------
    UserError
        If a file is missing, has other bytes, or is not listed.
    """
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
        (tree,) = Path(folder).iterdir()
        listed = checksums.read(tree / SUMS)
        inside = {file for file in tree.rglob("*") if file.is_file()} - {tree / SUMS}
        found = {file.as_posix(): files.sha256(file) for file in inside}
        if listed != found:
            other = sorted(set(listed.items()) ^ set(found.items()))[0][0]
            name = Path(other).relative_to(tree)
            raise UserError(
                f"{path} is damaged: {name} is not what {SUMS} says. Run 'make release' again."
            )
    return len(found) + 1


def commit_time():
    """Time of the last commit, seconds since 1970."""
    return int(git("show", "--no-patch", "--format=%ct", "HEAD"))


def executables():
    """Paths of the last commit's files that may be executed."""
    lines = git("ls-tree", "-r", "HEAD").splitlines()
    return {line.partition("\t")[2] for line in lines if line.startswith("100755")}


def git(*options):
    """What a git command prints.

    Raises
    ------
    UserError
        If it fails.
    """
    done = subprocess.run(["git", *options], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"git {options[0]} failed ({reason}): make releases in a git repository.")
    return done.stdout


def _call(folder, *command):
    """Call a command of the project in another folder, without this folder's state."""
    environment = {**os.environ, "DVC_SITE_CACHE_DIR": str(folder.parent / "dvc-state")}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [sys.executable, str(folder / "scripts/cli.py"), *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _same(path, other):
    return other.is_file() and files.sha256(path) == files.sha256(other)
