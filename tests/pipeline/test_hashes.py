"""Remembered hashes: used only for a file that is still the same file on disk."""

import json
import os
import shutil

import pytest
from pipeline import files, hashes


@pytest.fixture
def file(tmp_path):
    """A file that changed long enough ago to be remembered."""
    path = tmp_path / "file"
    path.write_text("before")
    os.utime(path, (1e9, 1e9))
    return path


@pytest.fixture(autouse=True)
def settled(monkeypatch):
    """Remember files at once, however recently they changed."""
    monkeypatch.setattr(hashes, "SETTLED", -1)


def cached(tmp_path):
    return hashes.HashCache(tmp_path / "cache.json")


def remember(file, tmp_path):
    cache = cached(tmp_path)
    assert cache.sha256(file) == files.sha256(file)
    cache.save()


def never(path):
    raise AssertionError(f"{path} was hashed again")


def test_a_known_file_is_not_read_again(file, tmp_path):
    remember(file, tmp_path)
    assert cached(tmp_path).remembered("sha256", file, never) == files.sha256(file)


def _edit_in_place(file):
    with open(file, "r+") as opened:
        opened.write("after!")
    os.utime(file, (1e9, 1e9))


def _replace_by_a_copy(file):
    other = file.with_name("other")
    other.write_text("after!")
    os.utime(other, (1e9, 1e9))
    file.unlink()
    shutil.copy2(other, file)


def _move_another_over_it(file):
    other = file.with_name("other")
    other.write_text("after!")
    os.utime(other, (1e9, 1e9))
    os.replace(other, file)


@pytest.mark.parametrize("change", [_edit_in_place, _replace_by_a_copy, _move_another_over_it])
def test_a_changed_file_is_hashed_again_though_size_and_time_are_the_same(file, tmp_path, change):
    remember(file, tmp_path)
    before, status = files.sha256(file), file.stat()
    change(file)
    assert (file.stat().st_size, file.stat().st_mtime) == (status.st_size, status.st_mtime)
    assert cached(tmp_path).sha256(file) == files.sha256(file) != before


def test_a_file_that_changed_just_now_is_not_remembered(tmp_path, monkeypatch):
    """It may change again before the clock's next tick."""
    monkeypatch.setattr(hashes, "SETTLED", 2e9)
    path = tmp_path / "file"
    path.write_text("before")
    remember(path, tmp_path)
    with pytest.raises(AssertionError, match="hashed again"):
        cached(tmp_path).remembered("sha256", path, never)


def test_a_fresh_look_finds_what_a_disk_has_damaged_and_later_runs_see_it_too(file, tmp_path):
    """Bytes that change without a system call leave size, times and inode as they were."""
    other = file.with_name("other")
    other.write_text("other")
    remember(file, tmp_path)
    remember(other, tmp_path)
    cache = tmp_path / "cache.json"
    entries = json.loads(cache.read_text().partition("\n")[2].replace(files.sha256(file), "0" * 64))
    cache.write_text(hashes.dumped(entries))
    assert cached(tmp_path).sha256(file) == "0" * 64  # a control: the cache cannot know
    fresh = hashes.HashCache(cache, fresh=True)
    assert fresh.sha256(file) == files.sha256(file)
    fresh.save()
    assert cached(tmp_path).remembered("sha256", file, never) == files.sha256(file)
    assert cached(tmp_path).remembered("sha256", other, never) == files.sha256(other)


def test_a_missing_file_has_no_hash(tmp_path):
    assert cached(tmp_path).sha256(tmp_path / "nothing") is None


@pytest.mark.parametrize("content", ["", "[", "[1]", '{"a": 1}', '{"a": [1, 2, 3]}'])
def test_a_damaged_cache_is_an_empty_one(file, tmp_path, content):
    (tmp_path / "cache.json").write_text(content)
    assert cached(tmp_path).sha256(file) == files.sha256(file)


def test_a_folder_that_cannot_be_written_keeps_nothing(file):
    cache = hashes.HashCache("/proc/no/such/folder.json")
    assert cache.sha256(file) == files.sha256(file)
    cache.save()


def test_combined_hashes_depend_on_what_differs_and_on_nothing_else():
    same, other = {"a": "1", "b": "2"}, {"b": "3"}
    assert hashes.combined([same, same]) == same
    both = hashes.combined([same, other])
    assert both["a"] == "1"
    assert both["b"] not in {"2", "3"}
    assert hashes.combined([other, same, other]) == both
    assert hashes.combined([{"b": "2"}, {"b": "4"}])["b"] != both["b"]
