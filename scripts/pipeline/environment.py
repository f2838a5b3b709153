"""Make .venv with the pinned packages, or say in one line why not. Needs only Python itself.

Does nothing if .venv is already what the requirements files ask for. Runs with any Python 3, so
that an unsupported one is refused with a clear message.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys

from collapse.errors import UserError

OLDEST, NEWEST = (3, 11), (3, 13)
VENV = ".venv"
STAMP = os.path.join(VENV, "installed.txt")
REQUIREMENTS = (
    ("requirements.txt", ["--require-hashes"]),
    ("requirements-data.txt", ["--require-hashes", "--no-deps"]),
)
# characters with which Snakemake, which does not quote the interpreter's path, starts no script
UNQUOTED = re.compile(r"""[\s'"`$&;|<>()*?\[\]{}\\]""")
STEP = 25  # packages between two lines of progress in a log file


def run():
    """Check, make, install; each only if needed."""
    check_folder(os.getcwd())
    check_python()
    check_existing()
    if is_installed():
        return
    if not os.path.lexists(VENV):
        print(f"step 1 of 3: making {VENV} (once; about 2 minutes and 6 GB)", flush=True)
        create()
    for number, (name, options) in enumerate(REQUIREMENTS, 2):
        print(f"step {number} of 3: installing {name}", flush=True)
        install(name, options)
    with open(STAMP, "w", encoding="utf-8") as file:
        file.write(wanted())


def remove():
    """Remove .venv."""
    if os.path.islink(VENV):
        os.unlink(VENV)
    else:
        shutil.rmtree(VENV, ignore_errors=not os.path.isdir(VENV))


def dotted(version):
    """(3, 11) as 3.11."""
    return ".".join(str(part) for part in version)


def wanted():
    """Text of the stamp of an environment with this Python and these requirements."""
    digest = hashlib.sha256()
    for name, _ in REQUIREMENTS:
        with open(name, "rb") as file:
            digest.update(file.read())
    return f"Python {dotted(sys.version_info[:3])} {digest.hexdigest()}"


def is_installed():
    """Whether .venv has what the requirements files ask for."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            return file.read() == wanted()
    except OSError:
        return False


def check_folder(folder):
    """Refuse a folder whose path Snakemake cannot start scripts in."""
    found = UNQUOTED.search(folder)
    if found:
        raise UserError(
            f"{folder}: Snakemake cannot run in a folder whose path contains {found.group()!r}. "
            "Move it to a path of letters, digits, '-', '_' and '.'."
        )


def check_python():
    """Refuse a Python for which no packages are pinned."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        oldest, newest = dotted(OLDEST), dotted(NEWEST)
        raise UserError(
            f"this is Python {dotted(sys.version_info[:3])}, but {oldest} to {newest} are "
            f"supported: install one of them and run 'make PYTHON=python{oldest} ...'."
        )


def check_existing():
    """Refuse an environment of another Python; it would fail later and less clearly."""
    python = os.path.join(VENV, "bin", "python")
    if not os.path.lexists(VENV):
        return
    question = "import pip, sys; print('.'.join(map(str, sys.version_info[:3])), sys.prefix)"
    try:
        answer = subprocess.check_output([python, "-c", question], stderr=subprocess.DEVNULL)
        version, prefix = answer.decode().strip().split(maxsplit=1)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise UserError(
            f"{VENV} has no working Python (moved or incomplete): run 'make clean-venv'."
        ) from error
    here = [dotted(sys.version_info[:3]), os.path.realpath(VENV)]
    if [version, os.path.realpath(prefix)] != here:
        raise UserError(
            f"{VENV} was made by Python {version} for {prefix}, but this is Python {here[0]}: run "
            "'make clean-venv', or choose that Python with 'make PYTHON=...'."
        )


def need_ensurepip():
    """Debian has a part of Python's venv module in a package of its own: install it as root."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python{dotted(sys.version_info[:2])}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing Debian's {package}, which Python needs for environments")
        subprocess.call(["apt-get", "update", "-qq"])
        subprocess.call(["apt-get", "install", "-y", "-qq", package])
        importlib.invalidate_caches()
    if not importlib.util.find_spec("ensurepip"):
        raise UserError(
            "Python's venv module is incomplete (Debian packages it separately): run 'apt-get "
            f"update && apt-get install {package}' as root, then this command again."
        )


def create():
    """Make the empty environment."""
    need_ensurepip()
    try:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(f"{VENV} could not be made (see above): is the folder writable?") from error


def install(name, options):
    """Install the packages of a requirements file, and print how far it is."""
    pip = [os.path.join(VENV, "bin", "python"), "-m", "pip", "install", "--progress-bar", "off"]
    command = [*pip, "--disable-pip-version-check", *options, "-r", name]
    with open(name, encoding="utf-8") as file:
        expected = sum("==" in line.split("#")[0] for line in file if line[:1].strip())
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    report_progress(process.stdout, expected)
    if process.wait():
        raise UserError(
            f"{name} could not be installed (pip's errors are above): fix the network or the disk, "
            "then run the same command again."
        )


def report_progress(lines, expected):
    """Print the progress of pip: on a terminal in one line that changes, otherwise now and then.

    Parameters
    ----------
    lines : iterable of bytes
        What pip prints.
    expected : int
        Number of packages, those of other platforms included.
    """
    found, is_terminal = 0, sys.stdout.isatty()
    for line in lines:
        words = line.decode(errors="replace").split()
        if words[:1] == ["Collecting"]:
            found += 1
            text = f"  {found} of at most {expected} packages found"
            if is_terminal:
                print("\r" + text, end="", flush=True)
            elif found % STEP == 0:
                print(text, flush=True)
        elif words[:3] == ["Installing", "collected", "packages:"]:
            print("\n" * is_terminal + f"  unpacking {len(words) - 3} packages", flush=True)
