"""Killed, damaged, full, away: every fault is told in a sentence, and what it names repairs it.

On a small project (toy_artefacts) with this project's own commands and DVC configuration.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import subprocess

import pytest
import toy_remotes
from toy_artefacts import flip, is_whole, objects, truncate

MODEL = "results/smoke/vae/models/run00/gen03.safetensors"
DAMAGES = {"truncated": truncate, "flipped": flip}


@pytest.fixture
def author(published, tmp_path):
    """Has everything, and a web server's remote that has nothing yet."""
    return published.copy(tmp_path / "author")


@pytest.fixture
def server(tmp_path):
    with toy_remotes.serving(tmp_path / "store") as running:
        yield running


@pytest.fixture
def store(server, tmp_path):
    """Where the objects behind the server are."""
    return tmp_path / "store/files/md5"


def reader_of(author, server, name="reader"):
    """A fresh clone; both it and the author know the server's remote."""
    reader = author.clone(author.folder.with_name(name))
    for project in (author, reader):
        with contextlib.suppress(AssertionError):  # the author may know it
            project.add_remote("web", server.url, method="PUT")
    return reader


def killed_at(project, server, method, n, action, *arguments):
    """Start a command and kill it, with all its children, in the midst of its n-th request."""
    process = project.start(action, *arguments)
    seen = []

    def kill(found):
        seen.append(found)
        if seen.count(method) == n:
            os.killpg(process.pid, signal.SIGKILL)

    server.watch = kill
    process.communicate(timeout=300)
    server.watch = lambda method: None
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("n", [1, 4, 8])
def test_a_killed_push_goes_on(author, server, store, n):
    reader = reader_of(author, server)
    killed_at(author, server, "PUT", n, "send", "smoke", "all", "web")
    assert all(map(is_whole, objects(store)))
    author.succeed("send", "smoke", "all", "web")
    assert all(map(is_whole, objects(store)))
    reader.succeed("pull", "smoke", "all", "web")
    assert reader.artefacts() == author.artefacts()


@pytest.mark.parametrize("n", [1, 4, 8])
def test_a_killed_pull_goes_on(author, server, n):
    reader = reader_of(author, server)
    author.succeed("send", "smoke", "all", "web")
    killed_at(reader, server, "GET", n, "pull", "smoke", "all", "web")
    reader.succeed("pull", "smoke", "all", "web")
    assert all(map(is_whole, reader.cached()))
    assert reader.artefacts() == author.artefacts()
    assert reader.git("status", "--short") == ""


def test_a_publish_that_was_killed_while_it_recorded_goes_on(author, published):
    """Killed as soon as the lock has been rewritten for the first stage."""
    lock = author.folder / "dvc.lock"
    whole = lock.read_bytes()
    lock.unlink()
    shutil.rmtree(author.folder / ".dvc/cache")
    process = author.start("publish", "smoke")
    while process.poll() is None and not lock.exists():
        pass
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not lock.exists() or lock.read_bytes() != whole
    author.succeed("publish", "smoke")
    assert lock.read_bytes() == whole
    assert author.artefacts() == published.artefacts()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_mended_from_the_files_by_publishing(author, damage):
    DAMAGES[damage](author.object_of(MODEL))
    assert "1 damaged objects were in the cache" in author.succeed("publish", "smoke")
    assert all(map(is_whole, author.cached()))
    assert author.object_of(MODEL).exists()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_mended_from_the_remote_by_pulling(author, server, damage):
    reader = reader_of(author, server)
    author.succeed("send", "smoke", "all", "web")
    reader.succeed("pull", "smoke", "all", "web")
    DAMAGES[damage](reader.object_of(MODEL))
    (reader.folder / MODEL).unlink()
    reader.succeed("pull", "smoke", "all", "web")
    assert all(map(is_whole, reader.cached()))
    assert reader.artefacts() == author.artefacts()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_object_in_the_remote_is_named_and_sent_again(author, server, tmp_path, damage):
    reader = reader_of(author, server)
    author.succeed("send", "smoke", "all", "web")
    DAMAGES[damage](author.object_of(MODEL, tmp_path / "store"))
    reason = reader.fail("pull", "smoke", "all", "web")
    assert f"damaged in remote 'web' (first: {MODEL})" in reason
    assert not (reader.folder / MODEL).exists()
    assert "1 sent again" in author.succeed("send", "smoke", "all", "web", "check")
    reader.succeed("pull", "smoke", "all", "web")
    assert reader.artefacts() == author.artefacts()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (507, "there is no space left in remote 'web': make room and run 'make publish' again"),
        (403, "remote 'web' refuses access: set its permissions or your credentials"),
        (503, "remote 'web' fails by itself (HTTP 503): wait or ask whoever runs it"),
    ],
)
def test_a_remote_that_takes_nothing_is_told(author, server, store, status, said):
    reader = reader_of(author, server)
    author.succeed("send", "smoke", "vae/metrics", "web")
    had = objects(store)
    server.refusal = status
    assert said in author.fail("send", "smoke", "all", "web")
    server.refusal = None
    assert set(had) <= set(objects(store)) and all(map(is_whole, had))
    author.succeed("send", "smoke", "all", "web")
    reader.succeed("pull", "smoke", "all", "web")
    assert reader.artefacts() == author.artefacts()


def test_a_remote_that_is_away_is_told_before_anything_is_done(author):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    author.add_remote("away", f"http://127.0.0.1:{port}")
    before = author.artefacts()
    for action in ("send", "pull"):
        reason = author.fail(action, "smoke", "all", "away")
        assert f"remote 'away' does not answer at 127.0.0.1, port {port}" in reason
        assert "run the same command again; nothing has been changed" in reason
    assert author.artefacts() == before


def test_a_full_disk_under_a_folder_is_told_and_nothing_is_lost(author, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        author.add_remote("small", small)
        assert "no space left" in author.fail("send", "smoke", "all", "small")
        subprocess.run(["mount", "-o", "remount,size=8m", str(small)], check=True)
        author.succeed("send", "smoke", "all", "small")
        assert all(map(is_whole, objects(small / "files/md5")))
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_folder_that_may_not_be_written_is_told(author, tmp_path):
    """Whoever runs this may be root, whom no mode stops; a file in the folder's place does."""
    (tmp_path / "taken").write_text("")
    author.add_remote("taken", tmp_path / "taken" / "store")
    reason = author.fail("send", "smoke", "all", "taken")
    assert "Traceback" not in reason
    (tmp_path / "taken").unlink()
    author.succeed("send", "smoke", "all", "taken")


def test_two_pushes_at_once(author, server, store):
    other = author.copy(author.folder.with_name("other"))
    reader = reader_of(author, server)
    other.add_remote("web", server.url, method="PUT")
    running = [project.start("send", "smoke", "all", "web") for project in (author, other)]
    said = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert all(map(is_whole, objects(store)))
    reader.succeed("pull", "smoke", "all", "web")
    assert reader.artefacts() == author.artefacts()


def test_a_second_command_in_the_same_folder_waits_for_the_first(author, server):
    """Held in its first request, until the second command has been refused."""
    reader_of(author, server)
    reasons = []
    refused = functools.partial(author.fail, "pull", "smoke", "all", "published")
    server.watch = lambda method: reasons or reasons.append(refused())
    author.succeed("send", "smoke", "all", "web")
    assert "another command works in this folder (process " in reasons[0]
    assert "wait until it ends" in reasons[0]


def test_a_run_that_goes_on_elsewhere_is_published_there(author):
    """Results travel without the cache, as by rsync."""
    other = author.clone(author.folder.with_name("other"))
    lock = (other.folder / "dvc.lock").read_bytes()
    (other.folder / "dvc.lock").unlink()
    for part in ("results", "data"):
        shutil.copytree(author.folder / part, other.folder / part, dirs_exist_ok=True)
    (other.folder / MODEL).unlink()  # it had not come so far
    other.succeed("publish", "smoke")
    assert (other.folder / "dvc.lock").read_bytes() == lock
    assert other.artefacts() == author.artefacts()


def test_what_is_saved_nowhere_else_is_not_replaced(author):
    mine = author.folder / MODEL
    before = mine.read_bytes()
    mine.unlink()
    mine.write_bytes(b"mine")
    author.succeed("send", "smoke", "figures", "published")
    author.add_remote("mine", author.folder.with_name("store"))
    author.dvc("push", "--quiet", "--remote", "mine")
    reason = author.fail("pull", "smoke", "vae", "mine")
    assert "make publish" in reason and "make pull FORCE=1" in reason
    assert mine.read_bytes() == b"mine"
    author.succeed("pull", "smoke", "vae", "mine", "1")
    assert mine.read_bytes() == before


def test_a_lock_that_was_merged_wrongly_is_told(author):
    """Markers of a conflict in dvc.lock, which git leaves to be solved."""
    lock = author.folder / "dvc.lock"
    lock.write_text(f"<<<<<<< HEAD\n{lock.read_text()}")
    assert "dvc cannot read this project" in author.fail("pull", "smoke")


def test_a_record_that_was_cut_is_replaced_by_the_remotes(author, server):
    reader = reader_of(author, server)
    author.succeed("send", "smoke", "all", "web")
    reader.succeed("pull", "smoke", "all", "web")
    record = reader.folder / "results/smoke/records/vae/all.json"
    text = record.read_text()
    record.unlink()
    record.write_text(text[:40])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(record.read_text())
    reader.succeed("pull", "smoke", "all", "web", "1")
    assert record.read_text() == text
