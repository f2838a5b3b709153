"""Chains of n-gram models of one run, and their table over runs."""

import itertools

import numpy as np
import pandas as pd

from collapse.ngram import ngram
from collapse.process import summaries
from collapse.process.regimes import FullRegime

PLACE = ("regime", "order", "temperature", "size")


def grid(settings):
    """The chains of a run.

    Parameters
    ----------
    settings : dict
        Regimes by name, orders, temperatures and sizes.

    Returns
    -------
    list of dict
        By `PLACE`.
    """
    names = ("regimes", "orders", "temperatures", "sizes")
    product = itertools.product(*(settings[name] for name in names))
    return [dict(zip(PLACE, values, strict=True)) for values in product]


def measure(text, vocabulary, settings, *, seed):
    """Follow all chains of one run.

    Parameters
    ----------
    text : ndarray of int64, shape (largest size,)
        The real text; a chain starts from its first words.
    vocabulary : int
    settings : dict
        Of `grid`; block, the words of a block; and last_generation.
    seed : int

    Returns
    -------
    dict of ndarray
        By `collapse.ngram.ngram.QUANTITIES`, shape (chains, generations). For each size, the counts
        of the different words of data(0): counts_<size>.
    """
    found = []
    for at in grid(settings):
        found.append(
            ngram.measure(
                FullRegime(**settings["regimes"][at["regime"]]),
                text[: at["size"]].reshape(-1, settings["block"]),
                settings["last_generation"],
                **{name: at[name] for name in ("order", "temperature")},
                vocabulary=vocabulary,
                seed=seed,
            )
        )
    counts = {
        f"counts_{size}": np.unique(text[:size], return_counts=True)[1]
        for size in settings["sizes"]
    }
    return dict(zip(ngram.QUANTITIES, np.moveaxis(found, -1, 0), strict=True)) | counts


def laws(at, counts, settings):
    """Laws of a chain that starts from words of these counts.

    Parameters
    ----------
    at : dict
        By `PLACE`.
    counts : ndarray of int
    settings : dict
        As of `measure`.

    Returns
    -------
    dict of ndarray, each of shape (generations,)
        survived, the exact share of real words left; and entropy, in an infinite corpus. NaN where
        none is known.
    """
    last = settings["last_generation"]
    known = {name: np.full(last + 1, np.nan) for name in ("survived", "entropy")}
    if at["order"] == 1 and FullRegime(**settings["regimes"][at["regime"]]) == FullRegime():
        known["entropy"] = ngram.sharpened_entropy(counts, at["temperature"], last)
        if at["temperature"] == 1:
            known["survived"] = ngram.expected_survival(counts, last)
    return known


def table(runs, settings):
    """Tabulate the chains over runs.

    Parameters
    ----------
    runs : list of dict
        From `measure`.
    settings : dict
        As of `measure`.

    Returns
    -------
    DataFrame
        One row per chain and generation. Means over runs with 95 % confidence intervals (suffixes
        _low and _high) of the number of different n-grams (n_grams), the entropy in nats per word,
        what it has lost per generation since generation 0 (lost), and the share of real n-grams
        that are left (survived). Means of the laws: survived_theory, exact, and entropy_theory,
        that of an infinite corpus.
    """
    generation, tables = np.arange(settings["last_generation"] + 1), []
    values = {name: np.stack([run[name] for run in runs]) for name in ngram.QUANTITIES}
    lost = values["entropy"][..., :1] - values["entropy"]
    values["lost"] = lost / np.maximum(generation, 1)
    for position, at in enumerate(grid(settings)):
        columns = at | {"generation": generation}
        for name, of_chains in values.items():
            bounds = summaries.confidence(of_chains[:, position])
            columns |= zip((name, f"{name}_low", f"{name}_high"), bounds, strict=True)
        known = [laws(at, run[f"counts_{at['size']}"], settings) for run in runs]
        for name in known[0]:
            columns[f"{name}_theory"] = np.mean([law[name] for law in known], axis=0)
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables)
