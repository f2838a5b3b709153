"""Seeds of all random numbers."""

import hashlib


def seed(root, *labels):
    """Derive a 32-bit seed for one role at one place of the experiment.

    Hashing keeps random streams independent. Arithmetic on seeds does not: with
    ``root + generation`` two runs share most of their numbers, and with one seed for all
    generations every generation repeats the same step.

    Parameters
    ----------
    root : int
        The root seed of the configuration.
    *labels : str or int
        For example family, regime, run, generation and role. Their order and type matter.

    Returns
    -------
    int
        In [0, 2³²).
    """
    text = "\x1f".join(f"{type(label).__name__}:{label}" for label in (root, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
