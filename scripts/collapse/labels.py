"""What readers are shown instead of the names of regimes and settings, in figures and in texts."""

import re

from collapse.errors import UserError

# Labels of regimes and of settings of the language model.
REGIMES = {
    "replace": "no real data kept",
    "no_data_preserved": "no real data kept",
    "preserve10": "10 % real data kept",
    "sham": "real data only, trained again",
    "penalty2": "no real data, repetition penalty 2",
    "sampled": "no real data, sampled (T = 1)",
    "real10": "10 % of the real data alone",
    "pool": "all earlier data kept",
    "pool_subsample": "drawn from all earlier data",
}
DDOF = {0: "divide by M", 1: "divide by M − 1"}
MIXTURES = {"two_gaussians": "two Gaussians", "one_blob": "one blob"}

_WORDS = {**REGIMES, **MIXTURES, **{f"ddof={ddof}": label for ddof, label in DDOF.items()}}


def of(column, value):
    """Label of a value in a column of a table: of a divisor by its number, else by its name."""
    return DDOF.get(value, value) if column == "ddof" else _WORDS.get(value, value)


def filled(value):
    """Replace names in braces, such as ``{pool}`` or ``{ddof=0}``, by their labels.

    Parameters
    ----------
    value : object
        Text, or mappings and lists that may contain some, as read from a file.

    Returns
    -------
    object
        Of the same shape.

    Raises
    ------
    UserError
        If a name in braces has no label.
    """
    if isinstance(value, dict):
        return {key: filled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    return re.sub(r"\{([^{}]*)\}", _label, value) if isinstance(value, str) else value


def _label(match):
    name = match[1]
    if name not in _WORDS:
        raise UserError(f"{{{name}}} has no label: choose one of {', '.join(_WORDS)}.")
    return _WORDS[name]


def readable(text):
    """Names separated by spaces as a list of labels; what has no label stays.

    Examples
    --------
    >>> readable("pool ddof=0 M=100")
    'all earlier data kept, divide by M, M=100'
    """
    return ", ".join(_WORDS.get(word, word) for word in text.split())
