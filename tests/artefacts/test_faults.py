"""Kills, damage, full disks, unreachable remotes: one line each, and the named remedy works.

On a small project (toy_artefacts) with this project's own commands and DVC configuration.
"""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest
import toy_remotes
from toy_artefacts import CACHE, flip, is_whole, objects, truncate

MODELS = tuple(f"results/smoke/vae/models/run00/gen{n:02d}.safetensors" for n in range(6))
MODEL = MODELS[3]
RECORD = "results/smoke/records/vae/all.json"
ALL = ("smoke", "all", "web")
HALF = ".Ab3-_Ab3-_Ab3-_Ab3-_Ab.tmp"  # a name that DVC gives to a file while it writes it


@pytest.fixture
def store(published, tmp_path):
    """A remote's folder with everything that was published."""
    shutil.copytree(published.folder / CACHE, tmp_path / "store/files/md5")
    return tmp_path / "store"


@pytest.fixture
def server(tmp_path):
    """A web server for the folder `store`, which is empty unless a test fills it."""
    with toy_remotes.serving(tmp_path / "store") as running:
        yield running


@pytest.fixture
def author(published, server, tmp_path):
    """A project with all artefacts, and the web server as its remote."""
    return published.copy(tmp_path / "author").add_remote("web", server.url, method="PUT")


@pytest.fixture
def reader(published, store, server, tmp_path):
    """A clone without artefacts; its remote, the web server, has all of them."""
    return published.clone(tmp_path / "reader").add_remote("web", server.url)


def names(paths):
    return {path.parent.name + path.name for path in paths}


def killed_at(project, server, method, n, action, *arguments):
    """Start a command; kill it and its children at its n-th request, which gets no answer."""
    process, seen = project.start(action, *arguments), []

    def kill(found):
        seen.append(found)
        if seen.count(method) >= n:
            os.killpg(process.pid, signal.SIGKILL)
            raise ConnectionAbortedError

    server.watch = kill
    process.communicate(timeout=300)
    server.watch = lambda method: None
    assert process.returncode == -signal.SIGKILL


def test_a_push_that_is_killed_again_and_again_resumes(author, server, tmp_path):
    """Into an empty remote: at the first object, in the middle, and at the last one."""
    arrived, kept = tmp_path / "store/files/md5", {}
    for n in (1, 7, len(author.cached())):  # objects that have arrived before the kill, plus 1
        killed_at(author, server, "PUT", n - len(kept), "send", *ALL)
        assert kept.items() <= inodes(arrived).items()  # not sent twice
        kept = inodes(arrived)
        assert len(kept) < n and all(map(is_whole, kept))
    assert kept
    author.succeed("send", *ALL)
    assert kept.items() <= inodes(arrived).items()
    assert names(objects(arrived)) == names(author.cached())
    assert all(map(is_whole, objects(arrived)))


def inodes(store):
    """Inode of every object in a store, by path: another one after the object was written again."""
    return {path: path.stat().st_ino for path in objects(store)}


def test_a_pull_that_is_killed_again_and_again_resumes(published, reader, server):
    """While DVC reads lists of files, and while it fetches what they name; with half a file."""
    for n in (1, 4, 9):
        killed_at(reader, server, "GET", n, "pull", *ALL)
        assert len(reader.cached()) < len(published.cached())
    place = reader.folder / MODEL
    assert not place.exists()
    place.parent.mkdir(parents=True)
    place.touch()
    place.with_name(HALF).write_bytes(b"half")
    assert "10 files match" in reader.succeed("pull", *ALL)
    assert all(map(is_whole, reader.cached()))
    assert names(reader.cached()) == names(published.cached())
    assert reader.artefacts() == published.artefacts()
    assert reader.git("status", "--short") == ""


def test_a_pull_that_is_killed_late_resumes(published, reader, server):
    """When most objects have arrived in one attempt."""
    killed_at(reader, server, "GET", 15, "pull", *ALL)
    assert "10 files match" in reader.succeed("pull", *ALL)
    assert names(reader.cached()) == names(published.cached())
    assert reader.artefacts() == published.artefacts()


@pytest.mark.parametrize("had_lock", [False, True])
def test_a_publish_that_is_killed_again_and_again_resumes(published, author, had_lock):
    """Before DVC writes dvc.lock, and while it does, which empties it first.

    A killed DVC also leaves its list of locks, which may be cut or name a process number that
    another process has by now.
    """
    path = author.folder / "dvc.lock"
    whole = path.read_bytes()
    shutil.rmtree(author.folder / ".dvc/cache")
    if not had_lock:
        path.unlink()
    owner = {str((author.folder / MODEL).parent): {"pid": os.getpid(), "cmd": "dvc commit"}}
    left = (  # of dvc.lock (None: what DVC left there); of the list of locks
        (None, json.dumps({"read": {}, "write": owner})),
        (b"", ""),
        (whole[: len(whole) // 2], '{"read": {"data'),
    )
    for lock, locks in left:
        killed_as_it_records(author)
        assert not had_lock or path.read_bytes() == whole  # restored before DVC was called
        if lock is not None:
            path.write_bytes(lock)
        (author.folder / ".dvc/tmp/rwlock").write_text(locks)

    assert "damaged" not in author.succeed("publish", "smoke")
    assert path.read_bytes() == whole
    assert author.artefacts() == published.artefacts()
    assert names(author.cached()) == names(published.cached())
    assert author.git("status", "--short", "dvc.lock") == ""


def killed_as_it_records(project):
    """Start to publish; kill the command when it calls DVC."""
    held = project.folder / "held"
    held.unlink(missing_ok=True)
    process = project.start("publish", "smoke", environment={"TOY_HOLD": "1"})
    while not held.exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_killed_pull_with_little_left_to_fetch_resumes(published, store, author, server):
    """The objects that DVC had listed before the kill are all in the cache, but others are not."""
    one = author.object_of(RECORD)
    lists = [path for path in author.cached() if path.suffix == ".dir"]
    for path in [one, *(path for path in lists if one.parent.name + one.name in path.read_text())]:
        path.unlink()
    (author.folder / RECORD).unlink()
    killed_at(author, server, "GET", 1, "pull", *ALL)
    author.succeed("pull", *ALL)
    assert names(author.cached()) == names(published.cached())
    assert author.artefacts() == published.artefacts()


def test_publishing_replaces_damaged_objects_in_the_cache(author):
    before, lock = author.cached(), (author.folder / "dvc.lock").read_bytes()
    truncate(author.object_of(MODELS[3]))
    flip(author.object_of(MODELS[4]))
    assert "removed 2 damaged objects from the cache" in author.succeed("publish", "smoke")
    assert author.cached() == before and all(map(is_whole, before))
    assert (author.folder / "dvc.lock").read_bytes() == lock
    assert "damaged" not in author.succeed("publish", "smoke")


def test_pulling_replaces_damaged_objects_in_the_cache(published, store, author):
    before = author.cached()
    for damage, path in ((truncate, MODELS[3]), (flip, MODELS[4])):
        damage(author.object_of(path))
        (author.folder / path).unlink()
    assert "removed 2 damaged objects from the cache" in author.succeed("pull", *ALL)
    assert author.cached() == before and all(map(is_whole, before))
    assert author.artefacts() == published.artefacts()


def test_what_a_remote_lacks_or_has_damaged_is_counted_and_sent_again(author, reader, store):
    """Sizes show all damage but a flipped bit, which only CHECK=1 finds."""
    harmed = [author.object_of(path, store) for path in MODELS[:3]]
    truncate(harmed[0])
    harmed[1].unlink()
    flip(harmed[2])
    first = min(MODELS[:3], key=lambda path: author.object_of(path).parts[-2:])
    assert reader.fail("pull", *ALL) == (
        f"ERROR: 1 files are missing and 2 damaged in remote 'web' (the first is {first}): pull "
        "from another with REMOTE=, or ask their author to run 'make publish REMOTE=web CHECK=1', "
        "then run 'make pull' again."
    )
    assert all(map(is_whole, reader.cached()))
    assert not any((reader.folder / path).exists() for path in MODELS[:3])
    sent_again = "objects were damaged in the remote and have been sent again"
    assert f"2 {sent_again}" in author.succeed("publish", *ALL)
    assert [path for path in objects(store / "files/md5") if not is_whole(path)] == [harmed[2]]
    assert f"1 {sent_again}" in author.succeed("publish", *ALL, "1")
    assert all(map(is_whole, objects(store / "files/md5")))
    reader.succeed("pull", *ALL)
    assert reader.artefacts() == author.artefacts()


REFUSALS = {
    507: "there is no space left {place}: make room and run 'make {make}' again; it resumes where "
    "it stopped.",
    403: "remote 'web' refuses access: set its permissions or your credentials (docs/artefacts.md) "
    "and run 'make {make}' again; it resumes where it stopped.",
    503: "remote 'web' has an internal error (HTTP 503): wait or ask its administrator, then run "
    "'make {make}' again; it resumes where it stopped.",
}


def refuse_from(server, method, n, status):
    """Answer every request with an error status once `n` of a method have been answered."""

    before = server.count(method)

    def watch(_):
        if server.count(method) - before > n:
            server.refusal = status

    server.watch = watch


def accept_again(server):
    server.watch, server.refusal = lambda _: None, None


def test_a_push_that_a_remote_refuses_again_and_again_resumes(author, server, tmp_path):
    """What has arrived before it is full, closed or broken is kept, and not sent again."""
    arrived, kept = tmp_path / "store/files/md5", {}
    for status, n in zip(REFUSALS, (8, 2, 2), strict=True):
        refuse_from(server, "PUT", n, status)
        expected = REFUSALS[status].format(place="in remote 'web'", make="publish")
        assert author.fail("send", *ALL) == f"ERROR: {expected}"
        assert kept.items() <= inodes(arrived).items()
        assert len(inodes(arrived)) <= len(kept) + n
        kept = inodes(arrived)
        assert all(map(is_whole, kept))
        accept_again(server)
    assert kept
    author.succeed("send", *ALL)
    assert kept.items() <= inodes(arrived).items()
    assert names(objects(arrived)) == names(author.cached())
    assert all(map(is_whole, objects(arrived)))


def test_a_pull_that_a_remote_refuses_again_and_again_resumes(published, reader, server):
    for status in (403, 503):
        refuse_from(server, "GET", 8, status)
        expected = REFUSALS[status].format(make="pull")
        assert reader.fail("pull", *ALL) == f"ERROR: {expected}"
        assert all(map(is_whole, reader.cached()))
        accept_again(server)
    reader.succeed("pull", *ALL)
    assert reader.artefacts() == published.artefacts()


def test_an_unreachable_remote_is_reported_before_anything_changes(published, tmp_path):
    author = published.copy(tmp_path / "author")
    with toy_remotes.serving(tmp_path / "store") as server:
        author.add_remote("web", server.url, method="PUT")
    before = author.artefacts(), author.cached()
    for action in ("send", "pull"):
        assert author.fail(action, *ALL) == (
            "ERROR: remote 'web' does not answer at 127.0.0.1, port "
            f"{server.server_port} (Connection refused): check its address ('.venv/bin/dvc remote "
            "list') and run the same command again; nothing has been changed."
        )
        assert (author.artefacts(), author.cached()) == before


def test_a_full_disk_under_a_folder_loses_nothing(published, tmp_path):
    small, author = tmp_path / "small", published.copy(tmp_path / "author")
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        author.add_remote("web", small)
        expected = REFUSALS[507].format(place="in remote 'web'", make="publish")
        assert author.fail("send", *ALL) == f"ERROR: {expected}"
        assert all(map(is_whole, objects(small / "files/md5")))
        subprocess.run(["mount", "-o", "remount,size=8m", str(small)], check=True)
        author.succeed("send", *ALL)
        assert names(objects(small / "files/md5")) == names(author.cached())
        assert all(map(is_whole, objects(small / "files/md5")))
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_file_in_the_place_of_a_remotes_folder_is_reported(published, tmp_path):
    author = published.copy(tmp_path / "author").add_remote("web", tmp_path / "taken/store")
    (tmp_path / "taken").write_text("")
    reason = author.fail("send", *ALL)
    assert "Not a directory" in reason and "fix this and run 'make publish' again" in reason
    assert (tmp_path / "taken").read_text() == ""
    (tmp_path / "taken").unlink()
    author.succeed("send", *ALL)
    assert all(map(is_whole, objects(tmp_path / "taken/store/files/md5")))


def test_a_remotes_folder_without_permission_is_reported(published, tmp_path):
    """Root may write everywhere, unless it gives up that capability."""
    folder, author = tmp_path / "closed", published.copy(tmp_path / "author")
    author.add_remote("web", folder)
    folder.mkdir(mode=0o500)
    options = {}
    if not os.geteuid():
        without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        touch = [*without, "touch", str(folder / "probe")]
        if not shutil.which("setpriv") or not subprocess.run(touch, check=False).returncode:
            pytest.skip("root cannot give up its capability here")
        options = {"before": without}
    reason = author.fail("send", *ALL, **options)
    assert f"'{folder}" in reason and "is not readable or writable: set its permissions" in reason
    assert reason.endswith("run 'make publish' again; it resumes where it stopped.")
    folder.chmod(0o700)
    author.succeed("send", *ALL, **options)
    assert names(objects(folder / "files/md5")) == names(author.cached())


def test_two_pushes_at_once(author, server, tmp_path):
    """Through a server each, into the same folder; neither finishes an upload before both began."""
    arrived = tmp_path / "store/files/md5"
    with toy_remotes.serving(tmp_path / "store") as second:
        other = author.copy(tmp_path / "other")
        (other.folder / ".dvc/config.local").unlink()
        other.add_remote("web", second.url, method="PUT")
        begun = {server: threading.Event(), second: threading.Event()}

        def meet(mine, its):
            def watch(method):
                if method == "PUT":
                    begun[mine].set()
                    assert begun[its].wait(timeout=120)

            return watch

        server.watch, second.watch = meet(server, second), meet(second, server)
        running = [project.start("send", *ALL) for project in (author, other)]
        printed = [process.communicate(timeout=300) for process in running]
    assert printed == [("0 sent again\n", "")] * 2
    assert second.count("PUT") and server.count("PUT")
    assert names(objects(arrived)) == names(author.cached())
    assert all(map(is_whole, objects(arrived)))


def test_two_checkouts_share_one_cache(published, reader, store, server, tmp_path):
    """Both fill it at once; a damaged object is replaced for both."""
    other = published.clone(tmp_path / "other").add_remote("web", server.url)
    shared = tmp_path / "shared"
    for project in (reader, other):
        project.dvc("cache", "dir", "--quiet", "--local", str(shared))
    running = [project.start("pull", *ALL) for project in (reader, other)]
    printed = [process.communicate(timeout=300) for process in running]
    assert all("10 files match" in out for out, _ in printed), printed
    cached = objects(shared / "files/md5")
    assert names(cached) == names(objects(store / "files/md5"))
    assert all(map(is_whole, cached))
    assert not reader.cached() and not other.cached()
    flip(reader.object_of(MODEL, shared))
    (other.folder / MODEL).unlink()
    assert "10 files match" in other.succeed("pull", *ALL)
    assert all(map(is_whole, objects(shared / "files/md5")))
    assert reader.artefacts() == other.artefacts()


def test_a_second_command_in_the_same_folder_is_refused(author, server):
    """The first one's first request gets no answer until the second command has ended."""
    reasons, once = [], threading.Lock()

    def watch(_):
        with once:
            if not reasons:
                reasons.append(author.fail("pull", "smoke"))

    server.watch = watch
    first = author.start("send", *ALL)
    assert first.communicate(timeout=300) == ("0 sent again\n", "")
    assert reasons == [
        f"ERROR: another command works in this folder (process {first.pid}). Wait until it ends."
    ]


def test_a_run_that_is_resumed_elsewhere_is_published_there(published, tmp_path):
    """Results are copied there without the cache, as by rsync."""
    other = published.clone(tmp_path / "other")
    lock = (other.folder / "dvc.lock").read_bytes()
    (other.folder / "dvc.lock").unlink()
    for part in ("results", "data"):
        shutil.copytree(published.folder / part, other.folder / part, dirs_exist_ok=True)
    other.succeed("publish", "smoke")
    assert (other.folder / "dvc.lock").read_bytes() == lock
    assert other.artefacts() == published.artefacts()
    assert names(other.cached()) == names(published.cached())


def test_files_that_are_saved_nowhere_else_are_replaced_by_force_alone(published, store, author):
    """A model of one's own, and a record that was cut."""
    own, record = author.folder / MODEL, author.folder / RECORD
    text = record.read_text()
    for path, content in ((own, "own"), (record, text[:40])):
        path.unlink()
        path.write_text(content)
    before = author.artefacts()
    reason = author.fail("pull", *ALL)
    assert "files here differ from what would be pulled, and are saved nowhere else" in reason
    assert "'make publish'" in reason and "'make pull FORCE=1'" in reason
    assert author.artefacts() == before
    author.succeed("pull", *ALL, "1")
    assert author.artefacts() == published.artefacts()


def test_a_conflict_in_dvc_lock_is_reported(author):
    """Markers that git leaves in the file after a merge."""
    lock = author.folder / "dvc.lock"
    lock.write_text(f"<<<<<<< HEAD\n{lock.read_text()}")
    merged = lock.read_bytes()
    reason = author.fail("pull", "smoke")
    assert "dvc cannot read this project" in reason and "dvc.lock" in reason
    assert lock.read_bytes() == merged
