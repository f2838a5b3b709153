"""Tables of the language model's generations over runs.

In all of them, generation −1 is what no generation has made: the model before fine-tuning, or the
real text.
"""

import numpy as np
import pandas as pd

from collapse import summaries

BEFORE = -1


def perplexities(evaluations):
    """Perplexity of the real test set under every model, by both definitions, over runs.

    Parameters
    ----------
    evaluations : list of dict of ndarray
        One per run: token and sequence, each (1 + generations,), the model before fine-tuning
        first.

    Returns
    -------
    DataFrame
        One row per definition and model: geometric mean (exp of the mean loss) with its 95 %
        confidence interval (low, high), and standard deviation over runs, and each run's value.
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
    """What repeats and what is lost in real and generated text, over runs.

    Parameters
    ----------
    statistics : list of dict of list of float
        One per run; by quantity (shares), real text first, then samples(0), samples(1), …
    """
    tables = [
        over_runs(np.array([run[name] for run in statistics])).assign(quantity=name)
        for name in statistics[0]
    ]
    table = pd.concat(tables)
    return table.assign(low=table["low"].clip(lower=0), high=table["high"].clip(upper=1))


def histograms(runs, edges):
    """Share of texts in each perplexity bin under the generation-0 model, over runs.

    Parameters
    ----------
    runs : list of ndarray, each of shape (1 + generations, texts)
        Perplexity of each block of real text, samples(0), samples(1), …
    edges : ndarray, shape (bins + 1,)

    Returns
    -------
    DataFrame
        One row per generation and bin [perplexity_from, perplexity_to): mean and 5 and 95 %
        quantiles (low, high) over runs.
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


def edges_for(values, n_bins=40):
    """Edges of bins of equal width on a log scale, from the least to the greatest value."""
    return np.geomspace(values.min() * (1 - 1e-9), values.max() * (1 + 1e-9), n_bins + 1)


def over_runs(values):
    """Rows of one quantity from its values (runs, 1 + generations)."""
    mean, low, high = summaries.confidence(values)
    table = {"generation": np.arange(values.shape[1]) + BEFORE, "mean": mean}
    table |= {"sd": values.std(axis=0, ddof=1), "low": low, "high": high}
    table |= {f"run{run:02d}": row for run, row in enumerate(values)}
    return pd.DataFrame(table)
