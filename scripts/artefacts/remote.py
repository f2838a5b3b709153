"""DVC: which artefacts a revision names, and how they move between here, a cache and a remote."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NamedTuple

from collapse import files
from collapse.errors import UserError

from artefacts import failures, objects

CACHE = ".dvc/cache/files/md5"
LOCK, KEPT = Path("dvc.lock"), Path(".dvc/tmp/dvc.lock.kept")
SECRETS = {  # of remotes' settings, those that open it to whoever reads them
    *("password", "passphrase", "token", "custom_auth_header", "access_key_id"),
    *("secret_access_key", "session_token", "sse_customer_key", "account_key", "sas_token"),
    *("connection_string", "client_secret", "oss_key_secret", "gdrive_client_secret"),
}


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
    with _project() as repo:
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
    with _project() as repo:
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
    with _project() as repo:
        used = repo.used_objs(all_commits=True)
        names = {info.value for infos in used.values() for info in infos}
        for name in [name for name in names if name.endswith(".dir")]:
            path = Path(repo.cache.local.oid_to_path(name))
            if path.is_file():
                names |= {entry["md5"] for entry in json.loads(path.read_text(encoding="utf-8"))}
    cached = sorted(Path(CACHE).glob("??/*"))
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
    """The remote's name, or the default's, once it can be relied on.

    DVC looks at what arrives only where a remote's ``verify`` is on. Where it is not, it is
    switched on in .dvc/config.local, which git ignores.

    Raises
    ------
    UserError
        If there is none of that name, a secret of it is where git takes it, or it does not answer.
    """
    with _project() as repo:
        _mend_lock(repo)
        standard, known = repo.config["core"].get("remote"), repo.config["remote"]
        if name and name not in known:
            raise UserError(
                f"REMOTE={name} is no remote of this project, which knows "
                f"{', '.join(sorted(known))}: add it with '.venv/bin/dvc remote add --local {name} "
                "URL'."
            )
        if not name and not standard:
            raise UserError("no default remote is set in .dvc/config: name one with REMOTE=.")
        name = name or standard
        _check_secrets(name, repo.config.load_one("repo")["remote"].get(name, {}))
        if not known[name].get("verify"):
            with repo.config.edit("local") as own:
                own["remote"].setdefault(name, {})["verify"] = True
        _check_answer(name, repo.config["remote"][name])
    return name


def pull(paths, remote, *, force=False):
    """Fetch outputs and put them in their places; DVC holds each against its hash.

    Raises
    ------
    UserError
        If something of them is not there, damaged or out of reach, or would replace what is here
        and nowhere else. What has arrived stays in the cache.
    """
    objects.clear(paths)
    _forget_collected()
    command = ("pull", "--remote", remote, *["--force"] * force, *paths)
    said = _dvc(*command)
    if said and not failures.known("pull", remote, said) and mend_cache():
        said = _dvc(*command)
    if said:
        raise failures.known("pull", remote, said) or _lacking(paths, remote, said)


def check_room(what, remote):
    """Refuse to fill a remote that is a folder of this repository with more than figures need."""
    with _project() as repo:
        url = repo.config["remote"][remote]["url"]
        inside = Path(url).is_relative_to(repo.root_dir)
    if inside and what != "figures":
        raise UserError(
            f"remote '{remote}' is a folder of this repository, for what figures are drawn from: "
            f"name another with REMOTE= for WHAT={what}."
        )


def push(paths, remote, *, read=False):
    """Send outputs to a remote, and look whether each of them has arrived.

    Parameters
    ----------
    paths : list of str
    remote : str
    read : bool
        Read every object back and hash it; otherwise its size is compared.

    Returns
    -------
    int
        How many objects were there, but damaged, or missing though a list named them. They have
        been sent again.

    Raises
    ------
    UserError
        If the remote cannot be reached or written. What has arrived stays; the same call goes on.
    """
    _forget_collected()
    if said := _dvc("push", "--remote", remote, *paths):
        raise failures.known("push", remote, said) or failures.unknown("push", said)
    with _project() as repo, _told(remote, "push"):
        store, cache = repo.cloud.get_remote_odb(remote), repo.cache.local
        damaged = objects.not_whole(_objects(repo, paths), cache, store, read)
        for name in damaged:  # a list that is there vouches for its files, so dvc sends none
            path = cache.oid_to_path(name)
            store.add(path, cache.fs, name, check_exists=False, verify=False)
        if still := objects.not_whole(damaged, cache, store, read):
            raise UserError(
                f"{len(still)} objects did not arrive whole in remote '{remote}' (first: "
                f"{still[0]}): look at the remote's disk and run 'make publish' again."
            )
    return len(damaged)


def reproduce(stages):
    """Run DVC's stages, whose commands look at every artefact's record, and write dvc.lock.

    DVC empties dvc.lock before it writes it; until all is written, the old one is kept beside.
    """
    with files.replacing(KEPT) as partial:
        partial.write_bytes(LOCK.read_bytes() if LOCK.exists() else b"")
    if said := _dvc("repro", *stages):
        raise failures.unknown("repro", said)
    KEPT.unlink()


def mend_cache():
    """Remove what is damaged in the cache: objects whose content is not what their names say.

    DVC trusts a cached file that is read-only without looking at it. What is removed is fetched
    again by `pull`, and taken again from the files here by `reproduce`. Half-written files are no
    objects yet: another checkout that shares the cache may be at work on them.

    Returns
    -------
    int
        How many there were.
    """
    with _project() as repo:
        cached = Path(repo.cache.local.path).glob("??/*")
        damaged = objects.damaged([p for p in cached if not objects.HALF.fullmatch(p.name)])
    for path in damaged:
        path.unlink()
    return len(damaged)


@contextlib.contextmanager
def _project():
    """The project as DVC sees it; what DVC complains of in it becomes one sentence."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    for name in ("LOGNAME", "USER"):  # DVC wants one, and the system may have none
        os.environ.setdefault(name, "user")
    try:
        with Repo(".") as repo:
            yield repo
    except DvcException as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise UserError(
            f"dvc cannot read this project ({said}): mend that and run again."
        ) from error


def _mend_lock(repo):
    """Put dvc.lock back as it was, if a `reproduce` was killed while DVC wrote it."""
    from dvc.dvcfile import Lockfile
    from dvc.exceptions import DvcException

    if not KEPT.exists():
        return
    try:
        Lockfile(repo, str(LOCK)).load()
        KEPT.unlink()
    except DvcException:
        os.replace(KEPT, LOCK)
        if not LOCK.stat().st_size:  # there was none
            LOCK.unlink()


def _forget_collected():
    """Drop DVC's memory of what outputs consist of: a killed command's is cut, yet believed."""
    with _project() as repo:
        repo.drop_data_index()


def _check_secrets(name, settings):
    """Refuse a remote whose settings in .dvc/config, which git has, would open it to anyone."""
    address = urllib.parse.urlsplit(settings.get("url", ""))
    if found := [*sorted(SECRETS & set(settings)), *["url"] * bool(address.password)]:
        raise UserError(
            f"remote '{name}' has its {found[0]} in .dvc/config, which goes into git: move that "
            "line to .dvc/config.local, which does not, and change the secret if it was published."
        )


def _check_answer(name, settings):
    """Try once to reach the remote's server; its driver would try for minutes."""
    address = urllib.parse.urlsplit(settings.get("endpointurl") or settings["url"])
    ports = {"http": 80, "https": 443, "webdav": 80, "webdavs": 443}
    if address.scheme not in ports or urllib.request.getproxies().get(address.scheme):
        return
    try:
        port = address.port or ports[address.scheme]
        socket.create_connection((address.hostname, port), timeout=10).close()
    except OSError as error:
        raise UserError(
            f"remote '{name}' does not answer at {address.hostname}, port {port} "
            f"({error.strerror or error}): look at its address ('.venv/bin/dvc remote list') and "
            "run the same command again; nothing has been changed."
        ) from error


def _path(repo, out):
    """An output's path from the project's folder."""
    return os.path.relpath(out.fspath, repo.root_dir)


def _objects(repo, paths, store=None):
    """All objects that outputs are made of, files and lists of files: paths by their hashes.

    A list that is not in the cache is read from a store, if one is given.
    """
    found = {}
    for out in repo.index.outs:
        if (path := _path(repo, out)) in paths:
            found[out.hash_info.value] = path
            for key, _, entry in _listed(out, store) if out.hash_info.isdir else ():
                found[entry.value] = "/".join((path, *key))
    return dict(sorted(found.items()))


def _listed(out, store):
    """Entries of a folder's list; none if it is nowhere, or cannot be read."""
    from dvc_data.hashfile.tree import Tree
    from dvc_objects.errors import ObjectFormatError

    if found := out.get_obj():
        return found
    try:
        return Tree.load(store, out.hash_info) if store else ()
    except (FileNotFoundError, ObjectFormatError):
        return ()


def _lacking(paths, remote, said):
    """Why a pull failed that DVC has no words for: what the remote lacks or has damaged."""
    with _project() as repo, _told(remote, "pull"):
        store, cache = repo.cloud.get_remote_odb(remote), repo.cache.local
        wanted = _objects(repo, paths, store)
        sizes = objects.sizes(wanted, store)
        lacking = [name for name in wanted if not os.path.exists(cache.oid_to_path(name))]
        lists = [name for name in lacking if name.endswith(".dir")]  # taken after all their files
        broken = objects.not_whole(lists, cache, store, read=True)
        lacking = [name for name in lacking if name not in lists or name in broken]
    if not any(size is not None for size in sizes.values()):
        return UserError(
            f"remote '{remote}' has nothing of what was asked for: look at its address "
            f"('.venv/bin/dvc remote list'), or have it sent there with 'make publish "
            f"REMOTE={remote}'."
        )
    if not lacking:
        return failures.unknown("pull", said)
    missing = sum(sizes[name] is None for name in lacking)
    return UserError(
        f"{missing} files are missing and {len(lacking) - missing} damaged in remote '{remote}' "
        f"(first: {wanted[lacking[0]]}): pull from another with REMOTE=, or ask whoever has them "
        f"for 'make publish REMOTE={remote} CHECK=1', then run 'make pull' again."
    )


@contextlib.contextmanager
def _told(remote, action):
    """Whatever a remote's driver raises, as one sentence."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        said = failures.words(error)
        raise failures.known(action, remote, said) or failures.unknown(action, said) from error


def _dvc(action, *options):
    """Run a dvc command in silence; returns what it said if it failed, otherwise nothing."""
    environment = {
        **{"LOGNAME": "user", "USER": "user"},  # where the system has no name for the user
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    Path(".dvc/tmp/rwlock").unlink(missing_ok=True)  # a killed one's: cut, or its number another's
    command = [sys.executable, "-m", "dvc", action, *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, errors="replace"
    )
    return (done.stdout + done.stderr or "it said nothing") if done.returncode else ""
