"""DVC: which artefacts a revision names, and their way between here, a cache and a remote."""

import contextlib
import json
import logging
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

from collapse.errors import UserError
from pipeline import files

from artefacts import failures, objects

CACHE = ".dvc/cache/files/md5"
LOCK, KEPT = Path("dvc.lock"), Path(".dvc/tmp/dvc.lock.kept")
SECRETS = {  # settings that give anyone who reads them access to a remote
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
    own = [out for out in found if out.stage.startswith(f"{scale}-")]
    if not own:
        raise UserError(
            f"dvc.lock records no artefacts of scale {scale}: run it, then 'make publish "
            f"SCALE={scale}'; or check out a revision that has them."
        )
    return [out for out in found if out in own or out.stage.startswith("data-")]


def stages(scale):
    """DVC's stages of a scale and of its data, and the target that each brings up to date.

    Returns
    -------
    dict of str to str

    Raises
    ------
    UserError
        If dvc.yaml has none for the scale.
    """
    with _project() as repo:
        targets = {stage.addressing: _target(stage.cmd) for stage in repo.index.stages}
    if not any(name.startswith(f"{scale}-") for name in targets):
        raise UserError(
            f"dvc.yaml does not version scale {scale}: run 'scripts/cli.py dvc --scales {scale}'."
        )
    return {
        name: target for name, target in targets.items() if name.startswith((f"{scale}-", "data-"))
    }


def differing(scale, families=()):
    """Paths of outputs that are here, but are not what dvc.lock names: all, or some families'."""
    from dvc.repo import Repo

    chosen = {f"{scale}-{family}" for family in families}
    known = {out.path for out in outputs(scale) if not chosen or out.stage in chosen}
    with Repo(".") as repo:
        found = {_path(repo, out): out for out in repo.index.outs}
        return sorted(p for p in known if found[p].exists and found[p].changed_checksum())


def unreferenced():
    """Files of the cache that no commit and no file of the working tree names.

    None if that is unknown, so that nothing can be removed: without all commits (a shallow clone, a
    source archive), and if the cache lacks lists of files that a commit names, as in a clone that
    has pulled only a part.
    """
    from dvc.exceptions import DvcException

    if not _has_all_commits():
        return None
    cached = sorted(Path(CACHE).glob("??/*"))
    logging.getLogger("dvc").setLevel(logging.ERROR)  # it warns of every list
    with _project() as repo:
        try:
            used = repo.used_objs(all_commits=True) if cached else {}
        except DvcException:
            return None
        names = {info.value for infos in used.values() for info in infos}
        for name in [name for name in names if name.endswith(".dir")]:
            path = Path(repo.cache.local.oid_to_path(name))
            if path.is_file():
                names |= {entry["md5"] for entry in json.loads(path.read_text(encoding="utf-8"))}
    return [path for path in cached if _name(path) not in names]


def _has_all_commits():
    """Whether this folder is a git repository that is not shallow."""
    command = ["git", "rev-parse", "--is-shallow-repository"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git
        return False
    return done.stdout.strip() == "false"


def select(outs, what, scale):
    """Paths of the outputs that `what` names.

    Parameters
    ----------
    outs : list of Output
    what : str
        Names, separated by commas or spaces: ``all``, ``data``, a family (``vae``), a kind of it
        (``vae/metrics``). All records are added.
    scale : str
    """
    folder, chosen = f"results/{scale}/", {}
    known = {out.path for out in outs if not out.in_git}
    records = {path for path in known if "/records/" in path}
    parts = {path.removeprefix(folder) for path in known - records if path.startswith(folder)}
    names = {
        "data": {path for path in known if path.startswith("data/")},
        "all": known,
    }
    for part in parts:
        family, *kind = part.split("/")[:2]
        for name in {family, "/".join((family, *kind))}:
            names.setdefault(name, set()).add(folder + part)
    for word in re.split(r"[\s,]+", what.strip()):
        if word not in names:
            raise UserError(
                f"{word} is not a published part of scale {scale}: choose from "
                f"{', '.join(sorted(names))}."
            )
        chosen |= dict.fromkeys(names[word])
    return sorted({*chosen, *records})


def check(name):
    """Check that a remote can be used, and return its name.

    DVC verifies what arrives only if a remote's ``verify`` is on. If it is off, it is switched on
    in .dvc/config.local, which git ignores.

    Parameters
    ----------
    name : str or None
        None: the default remote.

    Raises
    ------
    UserError
        If there is no such remote, its password is in a file of git, or it does not answer.
    """
    with _project() as repo:
        _repair_lock(repo)
        standard, known = repo.config["core"].get("remote"), repo.config["remote"]
        if name and name not in known:
            raise UserError(
                f"REMOTE={name} is not a remote of this project, which has "
                f"{', '.join(sorted(known))}: add it with '.venv/bin/dvc remote add --local {name} "
                "URL'."
            )
        if not name and not standard:
            raise UserError(".dvc/config sets no default remote: name one with REMOTE=.")
        name = name or standard
        _check_secrets(name, repo.config.load_one("repo")["remote"].get(name, {}))
        if not known[name].get("verify"):
            with repo.config.edit("local") as own:
                own["remote"].setdefault(name, {})["verify"] = True
        _check_answer(name, repo.config["remote"][name])
    return name


def pull(paths, remote, *, force=False):
    """Fetch outputs and put them in place; DVC verifies each against its hash.

    Raises
    ------
    UserError
        If some of them are missing, damaged or out of reach, or would replace files that are saved
        nowhere else. What has arrived stays in the cache.
    """
    objects.clear(paths)
    _forget_collected()
    lacking = _take_lists(paths, remote)
    command = ("fetch",) if lacking else ("pull", *["--force"] * force)
    command += ("--remote", remote, *paths)
    failure = _dvc(*command)
    if failure and not failures.known("pull", remote, failure) and repair_cache():
        failure = _dvc(*command)
    if failure or lacking:
        raise failures.known("pull", remote, failure) or _lacking(paths, remote, failure)


def prune(remote):
    """Remove what dvc.lock does not name from a remote that is a folder of this repository.

    Every commit has its own state of such a folder, so that older revisions lose nothing.

    Returns
    -------
    int
        Number of removed objects; 0 for other remotes.
    """
    with _project() as repo:
        folder = Path(repo.config["remote"][remote]["url"])
        if not folder.is_relative_to(repo.root_dir):
            return 0
        known = _objects(repo, {_path(repo, out) for out in repo.index.outs if out.use_cache})
    spare = [path for path in folder.glob("files/md5/??/*") if _name(path) not in known]
    for path in spare:
        path.unlink()
    return len(spare)


def _name(path):
    """An object's name, by its path in a cache or a remote's folder."""
    return path.parent.name + path.name


def check_room(what, remote):
    """Raise a UserError if everything would go into a folder of this repository."""
    with _project() as repo:
        url = repo.config["remote"][remote]["url"]
        inside = Path(url).is_relative_to(repo.root_dir)
    if inside and what != "figures":
        raise UserError(
            f"remote '{remote}' is a folder of this repository, only for what tables and figures "
            f"are made from: name another with REMOTE= for WHAT={what}."
        )


def push(paths, remote, *, read=False):
    """Send outputs to a remote, and check that each of them has arrived.

    Parameters
    ----------
    paths : list of str
    remote : str
    read : bool
        Read every object back and hash it; otherwise its size is compared.

    Returns
    -------
    int
        Objects that were damaged in the remote, or missing although a list names them. They have
        been sent again.

    Raises
    ------
    UserError
        If the remote cannot be reached or written. What has arrived stays; the same call resumes.
    """
    _forget_collected()
    if failure := _dvc("push", "--remote", remote, *paths):
        raise failures.known("push", remote, failure) or failures.unknown("push", failure)
    with _project() as repo, _reported(remote, "push"):
        store, cache = repo.cloud.get_remote_odb(remote), repo.cache.local
        damaged = objects.not_whole(_objects(repo, paths), cache, store, read)
        for name in damaged:  # dvc sends no files of a list that the remote has
            path = cache.oid_to_path(name)
            store.add(path, cache.fs, name, check_exists=False, verify=False)
        if still := objects.not_whole(damaged, cache, store, read):
            raise UserError(
                f"{len(still)} objects did not arrive intact in remote '{remote}' (the first is "
                f"{still[0]}): check the remote's disk and run 'make publish' again."
            )
    return len(damaged)


def record(stages):
    """Write the hashes of stages' files to dvc.lock, and the files to the cache.

    The caller has judged the files by their records: DVC takes them as they are. It empties
    dvc.lock before it writes it, so a copy of the old one is kept until it is done.

    Parameters
    ----------
    stages : iterable of str
    """
    with files.replacing(KEPT) as partial:
        partial.write_bytes(LOCK.read_bytes() if LOCK.exists() else b"")
    _forget_stages()
    if failure := _dvc("commit", "--force", *stages):
        raise failures.unknown("commit", failure)
    KEPT.unlink()


def repair_cache():
    """Remove damaged objects from the cache: their content is not what their names say.

    DVC trusts a cached file that is read-only. `pull` fetches removed objects again, `record`
    takes them from the files here. Half-written files are left alone: another checkout that shares
    the cache may be writing them.

    Returns
    -------
    int
        Number of removed objects.
    """
    with _project() as repo:
        cached = Path(repo.cache.local.path).glob("??/*")
        damaged = objects.damaged([p for p in cached if not objects.HALF.fullmatch(p.name)])
    for path in damaged:
        path.unlink()
    return len(damaged)


@contextlib.contextmanager
def _project():
    """The project as DVC sees it; DVC's errors become a UserError."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.scm import SCMError

    try:
        with Repo(".") as repo:
            yield repo
    except SCMError as error:
        raise UserError(
            f"dvc expects git ({error}): clone the repository, or, in a copy without .git, run "
            "'.venv/bin/dvc config --local core.no_scm true'."
        ) from error
    except DvcException as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise UserError(
            f"dvc cannot read this project ({reason}): fix this, then run the command again."
        ) from error


def _repair_lock(repo):
    """Restore dvc.lock if a `record` was killed while DVC wrote it."""
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
    """Drop DVC's index of what outputs consist of: DVC trusts one that a killed command cut."""
    with _project() as repo:
        repo.drop_data_index()


def _forget_stages():
    """Remove stages from dvc.lock that dvc.yaml does not have: DVC keeps them."""
    from dvc.dvcfile import Lockfile

    with _project() as repo:
        known = {stage.addressing for stage in repo.index.stages}
        lock = Lockfile(repo, str(LOCK))
        for name in set(lock.load().get("stages", {})) - known if lock.exists() else ():
            lock.remove_stage(SimpleNamespace(name=name))


def _check_secrets(name, settings):
    """Refuse a remote whose settings in .dvc/config, which is in git, hold a password or key."""
    address = urllib.parse.urlsplit(settings.get("url", ""))
    if found := [*sorted(SECRETS & set(settings)), *["url"] * bool(address.password)]:
        raise UserError(
            f"remote '{name}' has its {found[0]} in .dvc/config, which goes into git: move that "
            "line to .dvc/config.local, which git ignores, and change the secret if it was "
            "published."
        )


def _check_answer(name, settings):
    """Connect once to the remote's server; its driver would try for minutes."""
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
            f"({error.strerror or error}): check its address ('.venv/bin/dvc remote list') and "
            "run the same command again; nothing has been changed."
        ) from error


def _target(command):
    """What the command of a stage in dvc.yaml brings up to date: ``... stage SCALE TARGET ...``."""
    return re.search(r"stage(?:\.py)? \S+ (\S+)", command)[1]


def _path(repo, out):
    """An output's path from the project's folder."""
    return os.path.relpath(out.fspath, repo.root_dir)


def _objects(repo, paths, store=None):
    """All objects that outputs consist of, files and lists of files: paths by their hashes.

    A list that is missing from the cache is read from a store, if one is given.
    """
    found = {}
    for out in repo.index.outs:
        if (path := _path(repo, out)) in paths:
            found[out.hash_info.value] = path
            for key, _, entry in _listed(out, store) if out.hash_info.isdir else ():
                found[entry.value] = "/".join((path, *key))
    return dict(sorted(found.items()))


def _listed(out, store):
    """Entries of a folder's list; none if the list is missing or unreadable."""
    from dvc_data.hashfile.tree import Tree
    from dvc_objects.errors import ObjectFormatError

    if found := out.get_obj():
        return found
    try:
        return Tree.load(store, out.hash_info) if store else ()
    except (FileNotFoundError, ObjectFormatError):
        return ()


def _take_lists(paths, remote):
    """Put the lists of files that outputs consist of into the cache, each verified.

    DVC reads a remote's list without comparing it with its hash, even if the remote's ``verify`` is
    on, and writes wherever the list says. It takes a list that is in the cache from there.

    Returns
    -------
    list of str
        Lists that the remote lacks or has damaged.

    Raises
    ------
    UserError
        If a list leads out of its folder.
    """
    with _project() as repo, _reported(remote, "pull"):
        store, cache = repo.cloud.get_remote_odb(remote), repo.cache.local
        folders = {
            out.hash_info.value: _path(repo, out)
            for out in repo.index.outs
            if out.hash_info and out.hash_info.isdir and _path(repo, out) in paths
        }
        lacking = objects.take(folders, cache, store)
        for name in folders.keys() - lacking:
            if outside := objects.leading_out(cache.oid_to_path(name)):
                raise UserError(
                    f"the list of files of {folders[name]} names {outside}, which is not in that "
                    "folder: somebody has changed dvc.lock; check out another commit."
                )
    return lacking


def _lacking(paths, remote, failure):
    """Why a pull failed that DVC does not explain: what the remote lacks or has damaged."""
    with _project() as repo, _reported(remote, "pull"):
        store, cache = repo.cloud.get_remote_odb(remote), repo.cache.local
        wanted = _objects(repo, paths, store)
        sizes = objects.sizes(wanted, store)
        lacking = [name for name in wanted if not os.path.exists(cache.oid_to_path(name))]
        lists = [name for name in lacking if name.endswith(".dir")]  # taken after all their files
        broken = objects.not_whole(lists, cache, store, read=True)
        lacking = [name for name in lacking if name not in lists or name in broken]
    if not any(size is not None for size in sizes.values()):
        return UserError(
            f"remote '{remote}' has none of the requested files: check its address ('.venv/bin/dvc "
            f"remote list'), or send them there with 'make publish REMOTE={remote}'."
        )
    if not lacking:
        return failures.unknown("pull", failure)
    missing = sum(sizes[name] is None for name in lacking)
    return UserError(
        f"{missing} files are missing and {len(lacking) - missing} damaged in remote '{remote}' "
        f"(the first is {wanted[lacking[0]]}): pull from another with REMOTE=, or ask their author "
        f"to run 'make publish REMOTE={remote} CHECK=1', then run 'make pull' again."
    )


@contextlib.contextmanager
def _reported(remote, action):
    """Report what a remote's driver raises as a UserError."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        text = failures.as_text(error)
        raise failures.known(action, remote, text) or failures.unknown(action, text) from error


def _dvc(action, *options):
    """Run a dvc command; returns what it printed if it failed, otherwise an empty text."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    Path(".dvc/tmp/rwlock").unlink(
        missing_ok=True
    )  # left by a killed dvc: cut, or with another process' number
    command = [sys.executable, "-m", "dvc", action, *options]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
        errors="replace",
    )
    return (done.stdout + done.stderr or "it printed nothing") if done.returncode else ""
