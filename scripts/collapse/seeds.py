"""Seeds: the one rule by which every random number of the project is chosen."""

import hashlib


def seed(root, *labels):
    """32-bit seed of one role in one place of the experiment.

    Hashing keeps streams independent where arithmetic on seeds would not: with `root + generation`
    two runs share most of their numbers, and with one seed for all generations every generation
    repeats the same step.

    Parameters
    ----------
    root : int
        The configuration's root seed.
    *labels : str or int
        For example family, regime, run, generation, role; order and type matter.

    Returns
    -------
    int
        In [0, 2³²).
    """
    text = "\x1f".join(f"{type(label).__name__}:{label}" for label in (root, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
