"""Artefacts move from one clone to another through a folder, HTTP and S3, byte by byte."""

import contextlib
import functools
import hashlib
import http.server
import json
import shutil
import threading

import pytest
import toy_artefacts
import toy_remotes
from artefacts import objects, remote

GRID = "results/smoke/vae/shown/grid.npz"
KINDS = {
    "folder": lambda folder: contextlib.nullcontext(toy_remotes.in_folder(folder)),
    "http": toy_remotes.behind_http,
    "s3": toy_remotes.in_bucket,
}


def flipped(content):
    return content[:-1] + bytes([content[-1] ^ 1])


def digest(project, path):
    return hashlib.md5((project.folder / path).read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", KINDS)
def test_artefacts_arrive_intact_or_not_at_all(published, tmp_path, kind):
    with KINDS[kind](tmp_path / "store") as remote:
        author = published.copy(tmp_path / "author")
        reader = author.clone(tmp_path / "reader")
        for project in (author, reader):
            project.add_remote("mine", remote.url, **remote.options)
            project.environment |= remote.environment

        author.succeed("send", "smoke", "all", "mine")
        before = remote.writes()
        assert author.succeed("send", "smoke", "all", "mine") == "0 sent again\n"
        assert remote.writes() == before

        remote.change(digest(author, GRID), flipped)
        reason = reader.fail("pull", "smoke", "all", "mine")
        assert "0 files are missing and 1 damaged in remote 'mine'" in reason and GRID in reason
        assert "make publish REMOTE=mine CHECK=1" in reason
        assert author.succeed("send", "smoke", "all", "mine", "check") == "1 sent again\n"

        printed = reader.succeed("pull", "smoke", "all", "mine")
        assert "10 files match" in printed
        assert reader.artefacts() == author.artefacts()
        assert reader.git("status", "--short") == ""


def test_without_verify_dvc_accepts_damaged_objects(published, tmp_path):
    """What `remote.check` prevents: a remote added by the user, which verifies nothing."""
    author = published.copy(tmp_path / "author")
    remote = toy_remotes.in_folder(tmp_path / "store")
    author.dvc("push", "--quiet", "--remote", "published")
    author.add_remote("mine", remote.url)
    author.dvc("push", "--quiet", "--remote", "mine")
    remote.change(digest(author, GRID), flipped)
    reader = author.clone(tmp_path / "reader")
    reader.add_remote("mine", remote.url)
    reader.dvc("pull", "--quiet", "--remote", "mine")
    assert digest(reader, GRID) != digest(author, GRID)


OUTSIDE = "../" * 5 + "outside"  # from the folder of models, next to the project


def tampered(author, folder, path):
    """A clone whose default remote has a list of files that puts one of them at `path`."""
    reader = author.clone(folder / "project")
    store = reader.folder / "published/files/md5"
    shutil.copytree(author.folder / toy_artefacts.CACHE, store, dirs_exist_ok=True)
    (changed,) = (one for one in store.rglob("*.dir") if "gen05" in one.read_text())
    whole = changed.read_text()
    entries = json.loads(whole)
    entries[0]["relpath"] = path
    changed.chmod(0o644)
    changed.write_text(json.dumps(entries))
    return reader, changed, whole


def test_control_dvc_alone_writes_where_a_tampered_list_says(published, tmp_path):
    """Even with ``verify``: DVC compares the files with their hashes, but not the list."""
    reader, *_ = tampered(published, tmp_path, OUTSIDE)
    reader.dvc("pull", "--quiet")
    assert (tmp_path / "outside").exists()


@pytest.mark.parametrize("path", [OUTSIDE, "run00/other"])
def test_a_tampered_list_writes_nothing(published, tmp_path, path):
    reader, *_ = tampered(published, tmp_path, path)
    reason = reader.fail("pull", "smoke")
    assert "1 damaged in remote 'published' (the first is results/smoke/vae/models)" in reason
    assert not (reader.folder / "results/smoke/vae/models").exists()
    assert not (tmp_path / "outside").exists()


def test_a_tampered_list_in_the_cache_is_replaced(published, tmp_path):
    """As plain DVC leaves it there."""
    reader, changed, whole = tampered(published, tmp_path, OUTSIDE)
    cached = reader.folder / toy_artefacts.CACHE / changed.parent.name / changed.name
    cached.parent.mkdir(parents=True)
    shutil.copy(changed, cached)
    cached.chmod(0o444)
    changed.write_text(whole)
    assert "10 files match" in reader.succeed("pull", "smoke")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("path", ["../a", "a/../../b", "/etc/passwd", ".."])
def test_a_list_that_leads_out_of_its_folder_is_noticed(tmp_path, path):
    """Also one with the hash that dvc.lock names."""
    entries = [{"md5": "0", "relpath": name} for name in ("a..b", "a/b", path)]
    (tmp_path / "list.dir").write_text(json.dumps(entries))
    assert objects.leading_out(tmp_path / "list.dir") == path
    (tmp_path / "list.dir").write_text(json.dumps(entries[:2]))
    assert objects.leading_out(tmp_path / "list.dir") is None


def test_every_documented_remote_is_verified():
    for page in (toy_artefacts.ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert "dvc remote add" not in text or "mine verify true" in text, page


@pytest.mark.parametrize("level", ["--local", "--project"])
def test_verification_is_switched_on_for_every_remote(published, tmp_path, level):
    """Even if .dvc/config or the user switches it off."""
    reader = published.clone(tmp_path / "reader")
    reader.dvc("remote", "add", "--quiet", level, "mine", str(tmp_path / "empty"))
    reader.dvc("remote", "modify", "--quiet", level, "mine", "verify", "false")
    reader.fail("pull", "smoke", "all", "mine")
    assert "remote.mine.verify=true" in reader.dvc("config", "--list").lower().split()


def test_passwords_and_keys_stay_out_of_git(published, tmp_path):
    author = published.copy(tmp_path / "author")
    url = "http://127.0.0.1:1/store"
    author.add_remote("mine", url, user="me", password="swordfish")
    author.fail("pull", "smoke", "all", "mine")
    author.git("add", "--all")
    assert "swordfish" in (author.folder / ".dvc/config.local").read_text()
    assert "swordfish" not in author.git("diff", "--cached")
    assert author.git("ls-files", "--", ".dvc/config.local") == ""

    for name, setting, where in (("pass", "password", url), ("key", "secret_access_key", "s3://b")):
        author.add_remote(name, where, file=".dvc/config", **{setting: "swordfish"})
        reason = author.fail("pull", "smoke", "all", name)
        assert f"remote '{name}' has its {setting} in .dvc/config, which goes into git" in reason
        assert "swordfish" not in reason
    author.add_remote("address", "http://me:swordfish@127.0.0.1:1/store", file=".dvc/config")
    assert "has its url in .dvc/config" in author.fail("pull", "smoke", "all", "address")


def test_a_plain_web_server_is_enough_for_readers(published, tmp_path):
    author = published.copy(tmp_path / "author")
    author.add_remote("mine", tmp_path / "store")
    author.succeed("send", "smoke", "all", "mine")
    with plain_server(tmp_path / "store") as url:
        reader = author.clone(tmp_path / "reader")
        reader.add_remote("web", url)
        reader.succeed("pull", "smoke", "all", "web")
        assert reader.artefacts() == author.artefacts()

        for path in (tmp_path / "store").rglob("*.dir"):
            path.unlink()
        author.add_remote("web", url)
        reason = author.fail("send", "smoke", "all", "web")
        assert "remote 'web' accepts no uploads (HTTP 501)" in reason and "REMOTE=" in reason
        author.succeed("send", "smoke", "all", "mine")


@contextlib.contextmanager
def plain_server(folder):
    """Python's own web server, as `python -m http.server` runs it."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_leftovers_of_a_killed_pull_are_removed_but_nothing_outside_the_project(
    tmp_path, monkeypatch
):
    """Neither through a link to a folder or file, nor in a folder that is a link itself."""
    half = ".Ab3-_Ab3-_Ab3-_Ab3-_Ab.tmp"
    outside, inside = tmp_path / "outside", tmp_path / "project/results/vae"
    for folder in (outside, inside):
        folder.mkdir(parents=True)
        (folder / "empty").touch()
        (folder / half).write_bytes(b"half")
        (folder / "whole").write_bytes(b"whole")
    (inside / "linked").symlink_to(outside)
    (inside / "file").symlink_to(outside / "empty")
    (inside.parent / "link").symlink_to(outside)
    monkeypatch.chdir(tmp_path / "project")
    objects.clear(["results/vae", "results/link", "results/link/empty", "results/missing"])
    assert sorted(path.name for path in outside.iterdir()) == [half, "empty", "whole"]
    assert sorted(path.name for path in inside.iterdir()) == ["file", "linked", "whole"]


def test_only_objects_that_no_commit_names_are_unreferenced(published, tmp_path, monkeypatch):
    """Where that is not known, as in clones that hold a part, none is."""
    author = published.copy(tmp_path / "author")
    for name, value in author.environment.items():
        monkeypatch.setenv(name, value)

    def unreferenced(project):
        monkeypatch.chdir(project.folder)
        return remote.unreferenced()

    assert unreferenced(author) == []
    stray = author.folder / remote.CACHE / "00/0123456789abcdef0123456789abcd"
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("of no commit")
    assert [path.name for path in unreferenced(author)] == [stray.name]

    reader = author.clone(tmp_path / "reader")
    assert unreferenced(reader) == []  # it has no cache
    reader.dvc("pull", "--quiet")
    assert unreferenced(reader) == []
    next((reader.folder / remote.CACHE).glob("??/*.dir")).unlink()
    shutil.rmtree(reader.folder / "published")  # DVC would take the list from there
    assert unreferenced(reader) is None

    shallow = toy_artefacts.Project(tmp_path / "shallow")
    author.git("clone", "--quiet", "--depth=1", f"file://{author.folder}", str(shallow.folder))
    assert unreferenced(shallow) is None
