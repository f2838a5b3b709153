"""DVC: which artefacts a revision names, and how they move between here, a cache and a remote."""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from collapse.errors import UserError


class Output(NamedTuple):
    """A file or folder that dvc.lock names."""

    path: str
    stage: str
    in_git: bool  # DVC knows its hash only


def outputs(scale):
    """All outputs of a scale, and of the data that all scales share, in the order of dvc.yaml.

    Raises
    ------
    UserError
        If no artefacts of the scale are recorded in this revision.
    """
    from dvc.repo import Repo

    with Repo(".") as repo:
        found = [
            Output(_path(repo, out), out.stage.addressing, not out.use_cache)
            for out in repo.index.outs
            if out.hash_info
        ]
    own = [out for out in found if out.stage.endswith(f"@{scale}")]
    if not own:
        raise UserError(
            f"no artefacts of scale {scale} are recorded in dvc.lock: run it and 'make publish "
            f"SCALE={scale}', or check out a revision that has them."
        )
    return [out for out in found if out in own or out.path.startswith("data/")]


def stages(scale):
    """DVC's stages of a scale and of the data, and the target that each brings up to date.

    Raises
    ------
    UserError
        If dvc.yaml has none for the scale.
    """
    from dvc.repo import Repo

    with Repo(".") as repo:
        targets = {stage.addressing: stage.cmd.split()[-1] for stage in repo.index.stages}
    if not any(name.endswith(f"@{scale}") for name in targets):
        raise UserError(
            f"scale {scale} is not among those that dvc.yaml versions: add it to vars.scales there."
        )
    return {
        name: target
        for name, target in targets.items()
        if name.endswith(f"@{scale}") or name.split("@")[0] in ("mnist", "text")
    }


def differing(scale):
    """Paths of those outputs that are here, but not as dvc.lock names them."""
    from dvc.repo import Repo

    known = {out.path for out in outputs(scale)}
    with Repo(".") as repo:
        found = {_path(repo, out): out for out in repo.index.outs}
        return sorted(p for p in known if found[p].exists and found[p].changed_checksum())


def unreferenced():
    """Files of the cache that neither a commit nor the working tree names."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        used = repo.used_objs(all_commits=True)
        names = {info.value for infos in used.values() for info in infos}
        for name in [name for name in names if name.endswith(".dir")]:
            path = Path(repo.cache.local.oid_to_path(name))
            if path.is_file():
                names |= {entry["md5"] for entry in json.loads(path.read_text(encoding="utf-8"))}
    cached = sorted(Path(".dvc/cache/files/md5").glob("??/*"))
    return [path for path in cached if path.parent.name + path.name not in names]


def select(outs, what, scale):
    """Paths of those outputs that `what` names.

    Parameters
    ----------
    outs : list of Output
    what : str
        Words of: ``figures``, what figures are drawn from, and all records; ``data``; a family
        (``vae``) or a kind of it (``vae/metrics``); ``all``.
    scale : str
    """
    folder, chosen = f"results/{scale}/", {}
    known = {out.path for out in outs if not out.in_git}
    records = {path for path in known if "/records/" in path}
    parts = {path.removeprefix(folder) for path in known - records if path.startswith(folder)}
    names = {
        "figures": {path for path in known if path.endswith(("/shown", "SHA256SUMS"))},
        "data": {path for path in known if path.startswith("data/")},
        "all": known,
        **{part: {folder + part} for part in parts},
    }
    for part in parts:
        names.setdefault(part.split("/")[0], set()).add(folder + part)
    for word in re.split(r"[\s,]+", what.strip()):
        if word not in names:
            raise UserError(f"WHAT={word} is no part of scale {scale}: {', '.join(sorted(names))}.")
        chosen |= dict.fromkeys(names[word])
    return sorted({*chosen, *records})


def check(name):
    """The remote's name, or the default's; a UserError if there is none of that name."""
    standard, known = _remotes()
    if name and name not in known:
        raise UserError(
            f"REMOTE={name} is no remote of this project, which knows {', '.join(known)}: add it "
            f"with '.venv/bin/dvc remote add --local {name} URL'."
        )
    if not name and not standard:
        raise UserError("no default remote is set in .dvc/config: name one with REMOTE=.")
    return name or standard


def pull(paths, remote, *, force=False):
    """Fetch outputs and put them in their places; DVC holds each against its hash.

    Raises
    ------
    UserError
        If something of them is not there, damaged or out of reach, or would replace what is here
        and nowhere else. What has arrived stays in the cache.
    """
    _dvc("pull", "--remote", remote, *["--force"] * force, *paths, remote=remote)


def check_room(what, remote):
    """Refuse to fill a remote that is a folder of this repository with more than figures need."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        url = repo.config["remote"][remote]["url"]
        inside = Path(url).is_relative_to(repo.root_dir)
    if inside and what != "figures":
        raise UserError(
            f"remote '{remote}' is a folder of this repository, for what figures are drawn from: "
            f"name another with REMOTE= for WHAT={what}."
        )


def push(paths, remote):
    """Send outputs to a remote; returns how many objects were there, but damaged, or missing though
    a list named them.

    Raises
    ------
    UserError
        If the remote cannot be reached or written. What has arrived stays; the same call goes on.
    """
    from dvc.repo import Repo

    _dvc("push", "--remote", remote, *paths, remote=remote)
    with Repo(".") as repo, _told(remote, "push"):
        store, cache = repo.cloud.get_remote_odb(remote), repo.cache.local
        damaged = _not_whole(_objects(repo, paths), cache, store)
        for name in damaged:  # a list that is there vouches for its files, so dvc sends none
            store.add(cache.oid_to_path(name), cache.fs, name, check_exists=False)
        if still := _not_whole(damaged, cache, store):
            raise UserError(
                f"{len(still)} objects did not arrive whole in remote '{remote}' (first: "
                f"{still[0]}): look at the remote's disk and publish again."
            )
    return len(damaged)


def reproduce(stages):
    """Run DVC's stages, whose commands look at every artefact's record, and write dvc.lock."""
    _dvc("repro", *stages)


def mend_cache():
    """Remove what is damaged in the cache: objects whose content is not what their names say.

    DVC trusts a cached file that is read-only without looking at it. Returns how many there were.
    """
    found = 0
    for path in Path(".dvc/cache/files/md5").glob("??/*"):
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "md5").hexdigest()
        if digest != (path.parent.name + path.name).removesuffix(".dir"):
            path.unlink()
            found += 1
    return found


def _remotes():
    from dvc.repo import Repo

    with Repo(".") as repo:
        return repo.config["core"].get("remote"), sorted(repo.config["remote"])


def _path(repo, out):
    """An output's path from the project's folder."""
    return os.path.relpath(out.fspath, repo.root_dir)


def _objects(repo, paths):
    """Hashes of all objects that outputs are made of: files, and lists of files."""
    found = set()
    for out in repo.index.outs:
        if _path(repo, out) in paths:
            found.add(out.hash_info.value)
            for _, _, entry in out.get_obj() if out.hash_info.isdir else ():
                found.add(entry.value)
    return sorted(found)


def _not_whole(names, cache, store):
    """Those objects that a store lacks, or has with another size than the cache."""

    def damaged(name):
        size = os.path.getsize(cache.oid_to_path(name))
        try:
            return store.fs.info(store.oid_to_path(name))["size"] != size
        except FileNotFoundError:
            return True

    with ThreadPoolExecutor(16) as pool:
        return [name for name, bad in zip(names, pool.map(damaged, names), strict=True) if bad]


@contextlib.contextmanager
def _told(remote, action):
    """Whatever a remote's driver raises, as one sentence."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise _failed(action, remote, f"{type(error).__name__}: {error}") from error


def _dvc(action, *options, remote=None):
    """Run a dvc command in silence; its failure becomes one sentence."""
    environment = {
        **{"LOGNAME": "user", "USER": "user"},  # where the system has no name for the user
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "dvc", action, *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, errors="replace"
    )
    if done.returncode:
        raise _failed(action, remote, done.stdout + done.stderr)


def _failed(action, remote, said):
    """The sentence for a failed command, after what it said."""
    said = re.sub(r"\x1b\[[\d;]*m", "", said)
    own = re.findall(r"^ERROR: (?!failed to reproduce)(.*)", said, re.MULTILINE)
    first = own[0] if own else next(iter(said.strip().splitlines()[-1:]), "it said nothing")
    for pattern, what, remedy in _FAILURES:
        if found := re.search(pattern, said, re.IGNORECASE | re.DOTALL):
            what = what.format(*found.groups(), remote=remote)
            return UserError(f"{what}: {remedy.format(action=_MAKE[action], remote=remote)}.")
    return UserError(
        f"dvc {action} failed ({first.rstrip('.')}): mend that and run "
        f"'make {_MAKE[action]}' again; what has arrived is kept."
    )


_MAKE = {"pull": "pull", "push": "publish", "repro": "publish"}
_FAILURES = (
    (
        r"unsaved files|is going to be removed|without confirmation",
        "what is here differs from what is to be pulled and is saved nowhere else",
        "keep it with 'make publish', or replace it with 'make pull FORCE=1'",
    ),
    (
        r"No space left on device",
        "there is no space left, here or in remote '{remote}'",
        "make room and run 'make {action}' again; it goes on where it stopped",
    ),
    (
        r"Permission denied|Forbidden|AccessDenied|\b403\b|\b401\b|Unable to locate credentials",
        "remote '{remote}' refuses access",
        "set its permissions or your credentials (docs/artefacts.md) and run 'make {action}' again",
    ),
    (
        r"Connect call failed|Cannot connect|Could not connect|Connection refused|Name or service"
        r"|Temporary failure in name|EndpointConnectionError|Connection reset|Server disconnected"
        r"|timed out",
        "remote '{remote}' does not answer",
        "look at its address ('.venv/bin/dvc remote list') and run 'make {action}' again; it goes "
        "on where it stopped",
    ),
    (
        r"does not exist|NoSuchBucket|no such bucket",
        "remote '{remote}' is not there",
        "look at its address ('.venv/bin/dvc remote list')",
    ),
)
