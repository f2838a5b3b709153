"""Tables of the generations of the language model, over runs.

In all tables, generation −1 is the model before fine-tuning, or the real text.
"""

import numpy as np
import pandas as pd

from collapse.process import summaries

BEFORE = -1
N_BINS = 40  # of perplexity histograms


def perplexities(evaluations):
    """Tabulate the perplexity of the real test set under every model, by both definitions.

    Parameters
    ----------
    evaluations : list of dict of ndarray
        One dict for each run: token and sequence, each of shape (1 + generations,). The first
        entry is of the model before fine-tuning.

    Returns
    -------
    DataFrame
        One row per definition and model: geometric mean over runs (exp of the mean loss), its 95 %
        confidence interval (low, high), standard deviation (sd), and the value of each run.
    """
    tables = []
    for definition in ("token", "sequence"):
        values = np.stack([run[definition] for run in evaluations])
        table = over_runs(values)
        table[["mean", "low", "high"]] = np.exp(summaries.confidence(np.log(values))).T
        names = table["generation"].map(
            lambda g: "zero-shot" if g == BEFORE else "real" if g == 0 else f"generation {g}"
        )
        table.insert(0, "model", names)
        tables.append(table.assign(definition=definition))
    return pd.concat(tables)


def texts(statistics):
    """Tabulate repetition and lost vocabulary in real and generated text.

    Parameters
    ----------
    statistics : list of dict of list of float
        One dict for each run. Each list holds one quantity, which is a share, of the real text,
        samples(0), samples(1), …

    Returns
    -------
    DataFrame
        One row per quantity and generation, with the columns of `over_runs`.
    """
    tables = [
        over_runs(np.array([run[name] for run in statistics])).assign(quantity=name)
        for name in statistics[0]
    ]
    table = pd.concat(tables)
    return table.assign(low=table["low"].clip(lower=0), high=table["high"].clip(upper=1))


def histograms(runs, edges):
    """Tabulate histograms of the perplexity of text under model(0).

    Parameters
    ----------
    runs : list of ndarray, each of shape (1 + generations, blocks)
        Perplexity of each block of the real text, samples(0), samples(1), …
    edges : ndarray, shape (bins + 1,)

    Returns
    -------
    DataFrame
        One row per generation and bin [perplexity_from, perplexity_to): mean over runs of the
        share of blocks, and its 5 % and 95 % quantiles (low, high).
    """
    counts = np.stack([[np.histogram(text, edges)[0] for text in run] for run in runs])
    shares = counts / runs[0].shape[1]  # (runs, generations, bins)
    mean, (_, low, high) = shares.mean(axis=0), summaries.band(shares)
    n_texts, n_bins = mean.shape
    return pd.DataFrame(
        {
            "generation": np.repeat(np.arange(n_texts) + BEFORE, n_bins),
            "perplexity_from": np.tile(edges[:-1], n_texts),
            "perplexity_to": np.tile(edges[1:], n_texts),
            "mean": mean.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
        }
    )


def edges_for(values):
    """Edges of bins that cover all values, of equal width on a logarithmic scale.

    Parameters
    ----------
    values : ndarray
        Positive.

    Returns
    -------
    ndarray, shape (N_BINS + 1,)
    """
    return np.geomspace(values.min() * (1 - 1e-9), values.max() * (1 + 1e-9), N_BINS + 1)


def over_runs(values):
    """Tabulate one quantity.

    Parameters
    ----------
    values : ndarray, shape (runs, 1 + generations)

    Returns
    -------
    DataFrame
        One row per generation: mean over runs, standard deviation (sd), 95 % confidence interval
        (low, high), and the value of each run.
    """
    mean, low, high = summaries.confidence(values)
    table = {"generation": np.arange(values.shape[1]) + BEFORE, "mean": mean}
    table |= {"sd": values.std(axis=0, ddof=1), "low": low, "high": high}
    table |= {f"run{run:02d}": row for run, row in enumerate(values)}
    return pd.DataFrame(table)
