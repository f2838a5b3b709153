"""Compare the discrete chains with their exact laws, over runs."""

import numpy as np
import pandas as pd

from collapse import theory
from collapse.discrete import discrete
from collapse.process import summaries

LOOKED_AT = (0, 1, 10, 100, 1000)  # generations at which presence is tabulated


def by_generation(observed, true, size):
    """Tabulate what is left of the states by generation, and its exact law.

    Parameters
    ----------
    observed : dict
        From `discrete.chain`.
    true : ndarray, shape (states,)
        True probabilities.
    size : int
        M.

    Returns
    -------
    DataFrame
        One row per generation. For each quantity: the measured value, its 95 % confidence interval
        (suffixes _low and _high) and the exact law (_theory). The quantities are means over runs,
        with Student's t intervals: states, the number of states left; rare and common, the share
        left of the states with q ≤ 1/M and with q > 1/M (NaN if there are none); heterozygosity;
        and absorbed, the share of runs with one state left, with a Clopper-Pearson interval.
    """
    generation, at = observed["generation"], observed["absorbed_at"]
    is_rare = discrete.is_rare(true, size)
    done = ((at >= 0) & (at <= generation[:, None])).sum(axis=1)
    measured = {
        "states": summaries.confidence(observed["rare"] + observed["common"]),
        "rare": summaries.confidence(_share(observed["rare"], is_rare.sum())),
        "common": summaries.confidence(_share(observed["common"], (~is_rare).sum())),
        "heterozygosity": summaries.confidence(observed["heterozygosity"]),
        "absorbed": summaries.proportion(done, len(at)),
    }
    closed, table = laws(true, generation, size), {"generation": generation}
    for name, (middle, low, high) in measured.items():
        table |= {name: middle, f"{name}_low": low, f"{name}_high": high}
        table[f"{name}_theory"] = closed[name]
    return pd.DataFrame(table)


def laws(true, generations, size):
    """Exact laws of the quantities of `by_generation`.

    Parameters
    ----------
    true : ndarray, shape (states,)
        True probabilities.
    generations : sequence of int
        Rising.
    size : int
        M.

    Returns
    -------
    dict of ndarray, each of shape (len(generations),)
    """
    q, states = np.unique(true, return_counts=True)
    left = states[:, None] * (1 - theory.extinct(q, generations, size))
    rare = discrete.is_rare(q, size)
    return {
        "states": left.sum(axis=0),
        "rare": _share(left[rare].sum(axis=0), states[rare].sum()),
        "common": _share(left[~rare].sum(axis=0), states[~rare].sum()),
        "heterozygosity": theory.heterozygosity(true, generations, size),
        "absorbed": states @ theory.extinct(1 - q, generations, size),
    }


def _share(left, whole):
    return left / whole if whole else np.full_like(left, np.nan)


def presence(observed, true, size):
    """Tabulate which share of the states is present, by their expected number of items, over time.

    Parameters
    ----------
    observed : dict
        From `discrete.chain`.
    true : ndarray, shape (states,)
        True probabilities.
    size : int
        M.

    Returns
    -------
    DataFrame
        One row per generation (those of `LOOKED_AT` that were run) and class of states
        (`discrete.classes`): the class's mean of M·q (expected); its number of states; the share of
        them that is present, mean over runs with its 95 % confidence interval (present; suffixes
        _low and _high), cut at 0 and 1; and its exact law (_theory).
    """
    of_class, n_runs = discrete.classes(true, size), len(observed["absorbed_at"])
    shown = np.intersect1d(LOOKED_AT, observed["generation"])
    states, expected = np.bincount(of_class), size * np.bincount(of_class, true)
    q, place = np.unique(true, return_inverse=True)
    law, tables = 1 - theory.extinct(q, shown, size), []
    for generation, of_state in zip(shown, law[place].T, strict=True):
        position = np.searchsorted(observed["generation"], generation)
        mean, sd = (observed[name][position] / states for name in ("present", "present_sd"))
        low, high = summaries.interval(mean, sd, n_runs)
        table = {"generation": generation, "states": states, "expected": expected / states}
        table |= {"present": mean, "present_low": low.clip(0, 1), "present_high": high.clip(0, 1)}
        table["present_theory"] = np.bincount(of_class, of_state) / states
        tables.append(pd.DataFrame(table))
    return pd.concat(tables)


def absorbed(observed, true):
    """Tabulate in which states runs were absorbed, by groups of ranks that double in width.

    Parameters
    ----------
    observed : dict
        From `discrete.chain`.
    true : ndarray, shape (states,)
        True probabilities in falling order; the first state has rank 1.

    Returns
    -------
    DataFrame
        One row per group: its first and last rank; its true probability; the share of absorbed runs
        that ended in it (absorbed), with its 95 % Clopper-Pearson interval (suffixes _low and
        _high); and the number of absorbed runs (runs).
    """
    first = 2 ** np.arange(int(np.log2(len(true))) + 1)
    ended = observed["absorbed_in"][observed["absorbed_in"] >= 0]
    group = np.searchsorted(first, ended + 1, side="right") - 1
    count = np.bincount(group, minlength=len(first))
    share, low, high = summaries.proportion(count, max(len(ended), 1))
    return pd.DataFrame(
        {
            "first_rank": first,
            "last_rank": [*(first[1:] - 1), len(true)],
            "probability": np.add.reduceat(true, first - 1),
            "absorbed": share,
            "absorbed_low": low,
            "absorbed_high": high,
            "runs": len(ended),
        }
    )
