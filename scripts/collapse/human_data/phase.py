"""Maps of what chains keep: over counts of real items without bias, over shares of them with bias.

The settings are those of ``human_data`` in the configuration. A *point* of a map is a mix (real
items, all items, bias).
"""

import itertools

import numpy as np
import pandas as pd

from collapse.discrete import discrete
from collapse.human_data import chains, laws
from collapse.process import seeds, summaries

# what each map shows: of a normal distribution, and of a distribution over states
KEPT = ("variance", "biased_variance", "diversity", "support")
FINE = 25  # points of a law, along either axis of a map


def points(settings):
    """Points at which chains are run.

    Returns
    -------
    dict of str to list of tuple
        For each map, (real, size, bias).
    """
    grid = itertools.product(settings["sizes"], settings["real"])
    counts = [(real, size, 1.0) for size, real in grid if real < size]
    size = settings["biased_size"]
    biased = [
        (round(share * size), size, bias)
        for bias, share in itertools.product(settings["biases"], settings["shares"])
    ]
    return {name: biased if name == "biased_variance" else counts for name in KEPT}


def measure(settings, *, seed):
    """Run all chains until their expected variance is within 0.1 % of its limit.

    Returns
    -------
    dict of str to ndarray, shape (points, runs)
        For each map, what each run has kept, as a share.
    """
    true, found = _true(settings), {}
    for name, places in points(settings).items():
        if "variance" in name:
            found[name] = [_normal(place, settings["runs"], seed) for place in places]
    counted = [
        _discrete(true, place, settings["discrete_runs"], seed)
        for place in points(settings)["support"]
    ]
    found["diversity"], found["support"] = zip(*counted, strict=True)
    return {name: np.array(found[name]) for name in KEPT}


def _normal(place, n_runs, seed):
    real, size, bias = place
    last = laws.generations_needed(real, size, bias=bias)
    own = seeds.seed(seed, "normal", *place)
    return chains.normal(real, size, last, n_runs, bias=bias, seed=own)


def _discrete(true, place, n_runs, seed):
    real, size, _ = place
    last = laws.generations_needed(real, size)
    own = seeds.seed(seed, "discrete", real, size)
    kept, support = chains.discrete(true, real, size, last, n_runs, seed=own)
    return kept, support / _of_one_sample(true, size)


def _true(settings):
    chosen = {"n_states": settings["states"], "exponent": settings["zipf_exponent"], "text": ""}
    return discrete.probabilities("zipf", **chosen)


def _of_one_sample(true, size):
    """Expected number of states in a sample of real items."""
    return (1 - (1 - true) ** size).sum()


def law(name, settings, places):
    """What a map's chains keep in expectation, in the limit.

    Parameters
    ----------
    name : str
        One of `KEPT`.
    settings : dict
    places : list of tuple
        (real, size, bias).

    Returns
    -------
    ndarray, shape (len(places),)
    """
    if name == "support":
        true = _true(settings)
        kept = [laws.kept_support(true, r, n) / _of_one_sample(true, n) for r, n, _ in places]
        return np.array(kept)
    real, size, bias = np.array(places).T
    return laws.kept_variance(real, size, bias=bias)


def table(measured, settings):
    """Means over runs with their 95 % confidence intervals, next to the laws.

    Parameters
    ----------
    measured : dict
        Of `measure`.
    settings : dict

    Returns
    -------
    pandas.DataFrame
        A row for each point: map, real, size, bias, kept, kept_low, kept_high, law.
    """
    parts = []
    for name, places in points(settings).items():
        mean, low, high = summaries.confidence(measured[name].T)
        part = pd.DataFrame(places, columns=["real", "size", "bias"])
        expected = law(name, settings, places)
        parts.append(part.assign(map=name, kept=mean, kept_low=low, kept_high=high, law=expected))
    whole = pd.concat(parts)
    return whole[["map", *whole.columns.drop("map")]]


def fine(settings):
    """The laws on a fine grid of each map, for contours.

    Returns
    -------
    pandas.DataFrame
        Columns map, real, size, bias, law; NaN where there would be more real items than items.
    """
    parts = []
    for name, places in points(settings).items():
        real, size, bias = (np.unique(column) for column in zip(*places, strict=True))
        other = np.linspace(bias[0], bias[-1], FINE) if len(bias) > 1 else bias
        axes = itertools.product(_between(real), _between(size), other)
        grid = pd.DataFrame(axes, columns=["real", "size", "bias"])
        possible = grid["real"] <= grid["size"]
        own = [*grid[possible].itertuples(index=False, name=None)]
        grid.loc[possible, "law"] = law(name, settings, own)
        parts.append(grid.assign(map=name))
    return pd.concat(parts)


def _between(numbers):
    """Whole numbers from the first to the last, evenly spaced on a logarithmic scale."""
    return np.unique(np.rint(np.geomspace(numbers[0], numbers[-1], FINE)).astype(int))
