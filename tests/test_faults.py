"""Killed, damaged, full, away: every fault is told in one sentence, and what it names repairs it.

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

MODEL = "results/smoke/vae/models/run00/gen03.safetensors"
RECORD = "results/smoke/records/vae/all.json"
ALL = ("smoke", "all", "web")
DAMAGES = {"truncated": truncate, "flipped": flip, "removed": lambda path: path.unlink()}
HARM = ("truncated", "flipped")


@pytest.fixture
def store(published, tmp_path):
    """A folder with all that was published, as a remote keeps it."""
    shutil.copytree(published.folder / CACHE, tmp_path / "store/files/md5")
    return tmp_path / "store"


@pytest.fixture
def server(tmp_path):
    """A web server of the store, or of an empty folder."""
    with toy_remotes.serving(tmp_path / "store") as running:
        yield running


@pytest.fixture
def author(published, server, tmp_path):
    """Has everything, and knows the web server's remote."""
    return knowing(published.copy(tmp_path / "author"), web=server.url)


@pytest.fixture
def reader(published, store, server, tmp_path):
    """Has what is in git, and knows the web server's remote, which is full."""
    return knowing(published.clone(tmp_path / "reader"), web=server.url)


def knowing(project, **urls):
    """Give a project remotes of its own, faster than DVC would."""
    with open(project.folder / ".dvc/config.local", "a", encoding="utf-8") as file:
        for name, url in urls.items():
            method = "    method = PUT\n" * str(url).startswith("http")
            file.write(f"['remote \"{name}\"']\n    url = {url}\n{method}")
    return project


def names(paths):
    return {path.parent.name + path.name for path in paths}


def killed_at(project, server, method, n, action, *arguments):
    """Start a command; kill it, with all its children, at its n-th request, which is not served."""
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


@pytest.mark.parametrize("n", [1, 7, 19])
def test_a_killed_push_goes_on(author, server, tmp_path, n):
    """Into an empty remote; after it nothing in there is half an object."""
    arrived = tmp_path / "store/files/md5"
    killed_at(author, server, "PUT", n, "send", *ALL)
    kept = objects(arrived)
    assert len(kept) < len(author.cached()) and all(map(is_whole, kept))
    before = {path: path.stat().st_ino for path in kept}
    author.succeed("send", *ALL)
    assert names(objects(arrived)) == names(author.cached())
    assert all(map(is_whole, objects(arrived)))
    assert {path: path.stat().st_ino for path in kept} == before  # not sent twice


@pytest.mark.parametrize("n", [1, 4, 9, 15])
def test_a_killed_pull_goes_on(published, reader, server, n):
    """While DVC reads lists of files (4), and while it fetches what they name."""
    killed_at(reader, server, "GET", n, "pull", *ALL)
    assert "10 artefacts match" in reader.succeed("pull", *ALL)
    assert all(map(is_whole, reader.cached()))
    assert names(reader.cached()) == names(published.cached())
    assert reader.artefacts() == published.artefacts()
    assert reader.git("status", "--short") == ""


def test_what_a_killed_pull_left_half_written_is_replaced(published, reader):
    place = reader.folder / MODEL
    place.parent.mkdir(parents=True)
    place.touch()
    place.with_name(".Ab3-_Ab3-_Ab3-_Ab3-_Ab.tmp").write_bytes(b"half")
    reader.succeed("pull", *ALL)
    assert reader.artefacts() == published.artefacts()


@pytest.mark.parametrize("had_lock", [False, True])
@pytest.mark.parametrize("lock", ["as DVC left it", "emptied", "cut"])
def test_a_killed_publish_goes_on(published, author, had_lock, lock):
    """Killed as a stage writes; and as DVC writes dvc.lock, which it first makes empty."""
    path = author.folder / "dvc.lock"
    whole = path.read_bytes()
    (author.folder / MODEL).unlink()
    shutil.rmtree(author.folder / ".dvc/cache")
    if not had_lock:
        path.unlink()
    process = author.start("publish", "smoke", environment={"TOY_HOLD": MODEL})
    while not (author.folder / "held").exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (half,) = (author.folder / MODEL).parent.glob(".gen03.*.tmp.*")
    assert not (author.folder / MODEL).exists() and process.returncode == -signal.SIGKILL
    if lock != "as DVC left it":
        path.write_bytes(whole[: 0 if lock == "emptied" else len(whole) // 2])

    assert "damaged" not in author.succeed("publish", "smoke")
    assert path.read_bytes() == whole
    half.unlink()  # `make gc` would
    assert author.artefacts() == published.artefacts()
    assert names(author.cached()) == names(published.cached())
    assert author.git("status", "--short", "dvc.lock") == ""


def test_a_killed_pull_of_little_that_is_new_goes_on(published, store, author, server):
    """All that DVC had listed when it was killed is in the cache; that is not all there is."""
    one = author.object_of(RECORD)
    lists = [path for path in author.cached() if path.suffix == ".dir"]
    for path in [one, *(path for path in lists if one.parent.name + one.name in path.read_text())]:
        path.unlink()
    (author.folder / RECORD).unlink()
    killed_at(author, server, "GET", 1, "pull", *ALL)
    author.succeed("pull", *ALL)
    assert names(author.cached()) == names(published.cached())
    assert author.artefacts() == published.artefacts()


@pytest.mark.parametrize("content", ["", '{"read": {"data', "another's number"])
def test_what_a_killed_dvc_says_of_itself_does_not_stop_the_next(published, author, content):
    """Its file of locks is cut, or names a process number that another process has by now."""
    if content.startswith("another"):
        who = {"pid": os.getpid(), "cmd": "dvc repro"}
        content = json.dumps({"read": {}, "write": {str((author.folder / MODEL).parent): who}})
    (author.folder / ".dvc/tmp/rwlock").write_text(content)
    (author.folder / MODEL).unlink()
    author.succeed("publish", "smoke")
    assert author.artefacts() == published.artefacts()
    assert author.git("status", "--short", "dvc.lock") == ""


@pytest.mark.parametrize("damage", HARM)
def test_a_damaged_cache_is_mended_from_the_files_by_publishing(author, damage):
    before, lock = author.cached(), (author.folder / "dvc.lock").read_bytes()
    DAMAGES[damage](author.object_of(MODEL))
    assert "1 damaged objects were in the cache" in author.succeed("publish", "smoke")
    assert author.cached() == before and all(map(is_whole, before))
    assert (author.folder / "dvc.lock").read_bytes() == lock
    assert "damaged" not in author.succeed("publish", "smoke")


@pytest.mark.parametrize("damage", HARM)
def test_a_damaged_cache_is_mended_from_the_remote_by_pulling(
    published, store, author, server, damage
):
    before = author.cached()
    DAMAGES[damage](author.object_of(MODEL))
    (author.folder / MODEL).unlink()
    assert "1 damaged objects were in the cache" in author.succeed("pull", *ALL)
    assert author.cached() == before and all(map(is_whole, before))
    assert author.artefacts() == published.artefacts()


@pytest.mark.parametrize(
    ("damage", "check", "counted"),
    [("truncated", "", "0 files are missing and 1 damaged"),
     ("flipped", "1", "0 files are missing and 1 damaged"),
     ("removed", "", "1 files are missing and 0 damaged")],
)  # fmt: skip
def test_a_damaged_remote_is_named_and_repaired(author, reader, store, damage, check, counted):
    DAMAGES[damage](author.object_of(MODEL, store))
    assert reader.fail("pull", *ALL) == (
        f"ERROR: {counted} in remote 'web' (first: {MODEL}): pull from another with REMOTE=, or "
        "ask whoever has them for 'make publish REMOTE=web CHECK=1', then run 'make pull' again."
    )
    assert all(map(is_whole, reader.cached())) and not (reader.folder / MODEL).exists()
    told = author.succeed("publish", *ALL, check)
    assert "1 objects were damaged there and have been sent again" in told
    assert all(map(is_whole, objects(store / "files/md5")))
    reader.succeed("pull", *ALL)
    assert reader.artefacts() == author.artefacts()


REFUSALS = {
    507: "there is no space left {place}: make room and run 'make {make}' again; it goes on where "
    "it stopped.",
    403: "remote 'web' refuses access: set its permissions or your credentials (docs/artefacts.md) "
    "and run 'make {make}' again; it goes on where it stopped.",
    503: "remote 'web' fails by itself (HTTP 503): wait or ask whoever runs it, then run 'make "
    "{make}' again; it goes on where it stopped.",
}


def refuse_from(server, method, n, status):
    """Answer all requests with an error status, from the n-th of a method on."""

    def watch(_):
        if server.count(method) >= n:
            server.refusal = status

    server.watch = watch


def accept_again(server):
    server.watch, server.refusal = lambda _: None, None


@pytest.mark.parametrize("status", REFUSALS)
def test_a_remote_that_takes_no_more_is_told(author, server, tmp_path, status):
    """Full, say, after some objects; these are kept and not sent again."""
    arrived = tmp_path / "store/files/md5"
    refuse_from(server, "PUT", 9, status)
    said = REFUSALS[status].format(place="in remote 'web'", make="publish")
    assert author.fail("send", *ALL) == f"ERROR: {said}"
    kept = {path: path.stat().st_ino for path in objects(arrived)}
    assert len(kept) <= 8 and all(map(is_whole, kept))
    accept_again(server)
    author.succeed("send", *ALL)
    assert {path: path.stat().st_ino for path in kept} == kept
    assert names(objects(arrived)) == names(author.cached())
    assert all(map(is_whole, objects(arrived)))


@pytest.mark.parametrize("status", [403, 503])
def test_a_remote_that_gives_no_more_is_told(published, reader, server, status):
    refuse_from(server, "GET", 9, status)
    said = REFUSALS[status].format(make="pull")
    assert reader.fail("pull", *ALL) == f"ERROR: {said}"
    assert all(map(is_whole, reader.cached()))
    accept_again(server)
    reader.succeed("pull", *ALL)
    assert reader.artefacts() == published.artefacts()


@pytest.mark.parametrize("action", ["send", "pull"])
def test_a_remote_that_is_away_is_told_before_anything_is_done(published, tmp_path, action):
    author = published.copy(tmp_path / "author")
    with toy_remotes.serving(tmp_path / "store") as server:
        knowing(author, web=server.url)
    before = author.artefacts(), author.cached()
    assert author.fail(action, *ALL) == (
        f"ERROR: remote 'web' does not answer at 127.0.0.1, port {server.server_port} (Connection "
        "refused): look at its address ('.venv/bin/dvc remote list') and run the same command "
        "again; nothing has been changed."
    )
    assert (author.artefacts(), author.cached()) == before


def test_a_full_disk_under_a_folder_is_told_and_nothing_is_lost(published, tmp_path):
    small, author = tmp_path / "small", published.copy(tmp_path / "author")
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        knowing(author, web=small)
        said = REFUSALS[507].format(place="in remote 'web'", make="publish")
        assert author.fail("send", *ALL) == f"ERROR: {said}"
        assert all(map(is_whole, objects(small / "files/md5")))
        subprocess.run(["mount", "-o", "remount,size=8m", str(small)], check=True)
        author.succeed("send", *ALL)
        assert names(objects(small / "files/md5")) == names(author.cached())
        assert all(map(is_whole, objects(small / "files/md5")))
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_folder_in_whose_place_a_file_is_is_told(published, tmp_path):
    author = knowing(published.copy(tmp_path / "author"), web=tmp_path / "taken/store")
    (tmp_path / "taken").write_text("")
    reason = author.fail("send", *ALL)
    assert "Not a directory" in reason and "mend that and run 'make publish' again" in reason
    assert (tmp_path / "taken").read_text() == ""
    (tmp_path / "taken").unlink()
    author.succeed("send", *ALL)
    assert all(map(is_whole, objects(tmp_path / "taken/store/files/md5")))


def test_a_folder_without_permission_is_told(published, tmp_path):
    """Root passes every mode, unless it gives up that capability."""
    folder, author = tmp_path / "closed", published.copy(tmp_path / "author")
    knowing(author, web=folder)
    folder.mkdir(mode=0o500)
    options = {}
    if not os.geteuid():
        without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        touch = [*without, "touch", str(folder / "probe")]
        if not shutil.which("setpriv") or not subprocess.run(touch, check=False).returncode:
            pytest.skip("root cannot give up its capability here")
        options = {"before": without}
    reason = author.fail("send", *ALL, **options)
    assert f"'{folder}" in reason and "may not be read or written: set its permissions" in reason
    assert reason.endswith("run 'make publish' again; it goes on where it stopped.")
    folder.chmod(0o700)
    author.succeed("send", *ALL, **options)
    assert names(objects(folder / "files/md5")) == names(author.cached())


def test_two_pushes_at_once(author, server, tmp_path):
    """Each by a server of its own to the same folder; neither's first upload ends alone."""
    arrived = tmp_path / "store/files/md5"
    with toy_remotes.serving(tmp_path / "store") as second:
        other = author.copy(tmp_path / "other")
        (other.folder / ".dvc/config.local").unlink()
        knowing(other, web=second.url)
        begun = {server: threading.Event(), second: threading.Event()}

        def meet(mine, its):
            def watch(method):
                if method == "PUT":
                    begun[mine].set()
                    assert begun[its].wait(timeout=120)

            return watch

        server.watch, second.watch = meet(server, second), meet(second, server)
        running = [project.start("send", *ALL) for project in (author, other)]
        said = [process.communicate(timeout=300) for process in running]
    assert said == [("0 sent again\n", "")] * 2
    assert second.count("PUT") and server.count("PUT")
    assert names(objects(arrived)) == names(author.cached())
    assert all(map(is_whole, objects(arrived)))


def test_two_checkouts_share_one_cache(published, reader, store, server, tmp_path):
    """Both fill it at once; what one has fetched the other need not; damage is mended for both."""
    other = knowing(published.clone(tmp_path / "other"), web=server.url)
    shared = tmp_path / "shared"
    for project in (reader, other):
        project.dvc("cache", "dir", "--quiet", "--local", str(shared))
    running = [project.start("pull", *ALL) for project in (reader, other)]
    said = [process.communicate(timeout=300) for process in running]
    assert all("10 artefacts match" in out for out, _ in said), said
    cached = objects(shared / "files/md5")
    assert names(cached) == names(objects(store / "files/md5"))
    assert all(map(is_whole, cached))
    assert not reader.cached() and not other.cached()
    flip(reader.object_of(MODEL, shared))
    (other.folder / MODEL).unlink()
    assert "10 artefacts match" in other.succeed("pull", *ALL)
    assert all(map(is_whole, objects(shared / "files/md5")))
    assert reader.artefacts() == other.artefacts()


def test_a_second_command_in_the_same_folder_is_refused(author, server):
    """The first is held in its first request until the second has ended."""
    reasons, once = [], threading.Lock()

    def watch(_):
        with once:
            if not reasons:
                reasons.append(author.fail("pull", "smoke"))

    server.watch = watch
    first = author.start("send", *ALL)
    assert first.communicate(timeout=300) == ("0 sent again\n", "")
    assert reasons == [
        f"ERROR: another command works in this folder (process {first.pid}): wait until it ends."
    ]


def test_a_run_that_goes_on_elsewhere_is_published_there(published, tmp_path):
    """Results travel without the cache, as by rsync, before the run had made the last model."""
    other = published.clone(tmp_path / "other")
    lock = (other.folder / "dvc.lock").read_bytes()
    (other.folder / "dvc.lock").unlink()
    for part in ("results", "data"):
        shutil.copytree(published.folder / part, other.folder / part, dirs_exist_ok=True)
    (other.folder / MODEL).unlink()
    other.succeed("publish", "smoke")
    assert (other.folder / "dvc.lock").read_bytes() == lock
    assert other.artefacts() == published.artefacts()
    assert names(other.cached()) == names(published.cached())


def test_what_is_saved_nowhere_else_is_replaced_by_force_alone(published, store, author):
    mine = author.folder / MODEL
    mine.unlink()
    mine.write_bytes(b"mine")
    before = author.artefacts()
    assert author.fail("pull", *ALL) == (
        "ERROR: what is here differs from what is to be pulled and is saved nowhere else: keep it "
        "with 'make publish', or replace it with 'make pull FORCE=1'."
    )
    assert author.artefacts() == before
    author.succeed("pull", *ALL, "1")
    assert author.artefacts() == published.artefacts()


def test_a_record_that_was_cut_is_replaced_by_force(published, store, author):
    record = author.folder / RECORD
    text = record.read_text()
    record.unlink()
    record.write_text(text[:40])
    author.succeed("pull", *ALL, "1")
    assert author.artefacts() == published.artefacts()


def test_a_lock_that_was_merged_wrongly_is_told(author):
    """Markers of a conflict in dvc.lock, which git leaves to be solved."""
    lock = author.folder / "dvc.lock"
    lock.write_text(f"<<<<<<< HEAD\n{lock.read_text()}")
    merged = lock.read_bytes()
    reason = author.fail("pull", "smoke")
    assert "dvc cannot read this project" in reason and "dvc.lock" in reason
    assert lock.read_bytes() == merged
