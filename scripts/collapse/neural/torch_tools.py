"""Deterministic PyTorch: settings, seeded generators and weights, checks during training."""

import math

import torch

from collapse.errors import UserError


def make_deterministic():
    """Make PyTorch use deterministic algorithms in this process."""
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False


def generator(seed, device="cpu"):
    """Make a seeded torch.Generator on `device`."""
    return torch.Generator(device).manual_seed(seed)


def initialised(build, *, seed):
    """Build a module whose random initial weights depend on `seed` only.

    Parameters
    ----------
    build : callable
        Takes no arguments and returns a torch.nn.Module.
    seed : int

    Returns
    -------
    torch.nn.Module
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def check_finite(loss, *, step, learning_rate):
    """Check that a loss is a finite number.

    Parameters
    ----------
    loss : float
    step : int
    learning_rate : float

    Raises
    ------
    UserError
        If it is not; the message gives step and learning rate.
    """
    if not math.isfinite(loss):
        raise UserError(
            f"the loss is {loss} at step {step} with learning rate {learning_rate:g}: "
            "lower the learning rate."
        )


def is_out_of_memory(error):
    """Whether a RuntimeError means that memory ran out.

    On the CPU there is no exception class for this, so the message decides.
    """
    messages = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, torch.OutOfMemoryError) or any(m in str(error) for m in messages)
