"""What every PyTorch job shares: deterministic settings, the device, and model files."""

import fcntl
import itertools
import math
import os
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from collapse import files
from collapse.errors import UserError

_held = []  # locks of this process; the system lets go of them when it ends, however it ends


def prepare(device):
    """Make PyTorch deterministic and single-threaded; return the device to use.

    Parameters
    ----------
    device : {"cpu", "cuda", "auto"}
        ``auto`` is a GPU where there is one; of several, one that no other job uses.

    Returns
    -------
    torch.device

    Raises
    ------
    UserError
        If ``cuda`` is asked for and there is none.
    """
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise UserError("device is 'cuda', but PyTorch finds no GPU here: set device to 'cpu'.")
    if device == "auto":
        device = "cuda" if available else "cpu"
    if device == "cpu":
        torch.set_num_threads(1)
        return torch.device("cpu")
    card = take_card()
    torch.cuda.set_device(card)
    return torch.device("cuda", card)


def take_card():
    """Number of the GPU that fewest of this user's jobs have taken, until this process ends.

    On one machine Snakemake counts GPUs, but tells no job which is its own. Slurm does: there a job
    sees one alone.
    """
    folder = Path(tempfile.gettempdir(), f"model-collapse-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    cards = [torch.cuda.get_device_properties(n).uuid for n in range(torch.cuda.device_count())]
    for place in itertools.count():
        for number, card in enumerate(cards):
            file = open(folder / f"{card}-{place}.lock", "w", encoding="utf-8")  # noqa: SIM115
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            _held.append(file)
            return number


def generator(seed, device="cpu"):
    """A seeded torch.Generator on `device`."""
    return torch.Generator(device).manual_seed(seed)


def initialised(build, *, seed):
    """Build a module with its random initial weights fixed by `seed` alone.

    Parameters
    ----------
    build : callable
        Returns a torch.nn.Module.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def save_model(path, model):
    """Write a module's weights as safetensors, atomically."""
    weights = {name: w.detach().cpu().contiguous() for name, w in model.state_dict().items()}
    with files.replacing(path) as partial:
        save_file(weights, partial)


def load_model(path, model):
    """Read weights written by `save_model` into `model` and return it, in evaluation mode."""
    try:
        model.load_state_dict(load_file(path))
    except Exception as error:  # safetensors has no common base for its errors
        raise UserError(
            f"{path} does not hold this model's weights ({str(error).splitlines()[0]}): "
            "delete the file and run again."
        ) from error
    return model.eval()


def check_finite(loss, *, step, learning_rate):
    """Stop training on a loss (a float) that is not a number any more."""
    if not math.isfinite(loss):
        raise UserError(
            f"the loss is {loss} at step {step} with learning rate "
            f"{learning_rate:g}: lower the learning rate."
        )


def is_out_of_memory(error):
    """Whether a RuntimeError says that memory ran out; on the CPU only its message does."""
    messages = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, torch.OutOfMemoryError) or any(m in str(error) for m in messages)
