"""The discrete chains beside their exact laws, over runs."""

import numpy as np
import pandas as pd

from collapse import discrete, summaries, theory


def by_generation(observed, true, size):
    """How far the runs of one chain have come at each of the generations shown.

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
        One row per generation; for each quantity the measured value, its 95 % confidence interval
        (low, high) and the exact law (theory). Quantities: states, how many are left; rare and
        common, the share left of those with q ≤ 1/M and with q > 1/M, NaN where there are none;
        heterozygosity (all of these means over runs, Student's t); absorbed, the share of runs
        with one state left (Clopper-Pearson).
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
    """The exact laws of `by_generation`'s quantities, each of shape (len(generations),)."""
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


def absorbed(observed, true):
    """In which states the runs of one chain ended, by groups of ranks that double in width.

    Parameters as for `by_generation`; rank 1 is the most probable state.

    Returns
    -------
    DataFrame
        One row per group: first and last rank, its true probability, the share of absorbed runs
        that ended in it and the 95 % confidence interval of that (Clopper-Pearson), and how many
        runs were absorbed.
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
