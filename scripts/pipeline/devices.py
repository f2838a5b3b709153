"""The device on which a job computes: the CPU, or one of several GPUs."""

import contextlib
import itertools
import os
import stat
import tempfile
from pathlib import Path

import torch
from collapse.errors import UserError
from collapse.neural import torch_tools
from filelock import FileLock, Timeout

_held = []  # locks of this process; the operating system releases them when it ends


def prepare(device):
    """Make PyTorch deterministic and choose the device to use.

    On the CPU PyTorch is limited to one thread.

    Parameters
    ----------
    device : {"cpu", "cuda", "auto"}
        ``auto`` means a GPU where there is one. Of several GPUs the one is chosen that the fewest
        of this user's jobs use.

    Returns
    -------
    torch.device

    Raises
    ------
    UserError
        If ``cuda`` is required and there is no GPU, or if the folder of locks is not private.
    """
    torch_tools.make_deterministic()
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise UserError(
            "device is 'cuda', but PyTorch finds no GPU: set device to 'cpu' or 'auto'."
        )
    if device == "cpu" or not available:
        torch.set_num_threads(1)
        return torch.device("cpu")
    number = take_gpu()
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


def take_gpu():
    """Reserve the GPU that the fewest jobs of this user have reserved, until this process ends.

    Snakemake counts the GPUs of a machine, but does not assign them to jobs. (Slurm does: its jobs
    see one GPU each.) GPUs are known by their UUID, because CUDA_VISIBLE_DEVICES renumbers them.

    Returns
    -------
    int
        The GPU's number in this process.
    """
    folder = private_folder()
    gpus = [torch.cuda.get_device_properties(n).uuid for n in range(torch.cuda.device_count())]
    for place in itertools.count():  # one job per GPU, then two, and so on
        for number, gpu in enumerate(gpus):
            lock = FileLock(folder / f"{gpu}-{place}.lock", mode=0o600)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            _held.append(lock)
            return number


def private_folder():
    """A folder for locks in which only this user can write; it is made if missing.

    It is in ``$XDG_RUNTIME_DIR`` where that is writable, otherwise in the folder for temporary
    files.

    Raises
    ------
    UserError
        If something else has its name: a link, another user's folder, or one open to others.
    """
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if not (base and os.access(base, os.W_OK)):
        base = tempfile.gettempdir()
    folder = Path(base, f"model-collapse-gpus-{os.getuid()}")
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) & 0o077 == 0
    if not private or found.st_uid != os.getuid():
        raise UserError(
            f"{folder} must be a folder that only you can open, but it is not. Remove it, or set "
            "XDG_RUNTIME_DIR to a private folder."
        )
    return folder
