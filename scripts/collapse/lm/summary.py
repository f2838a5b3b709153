"""Tables of the generations of the language model, over runs.

In all tables, generation −1 is the model before fine-tuning, or the real text. Losses are in nats
per token. All blocks have the same number of tokens.
"""

import numpy as np
import pandas as pd

from collapse.lm import drift
from collapse.process import summaries

BEFORE = -1
N_BINS = 40  # of perplexity histograms

# perplexity of a set of blocks from their losses, shape (..., blocks), by both common definitions
PERPLEXITIES = {
    "token": lambda losses: np.exp(losses.mean(axis=-1)),  # exp of the mean loss of all tokens
    "sequence": lambda losses: np.exp(losses).mean(axis=-1),  # mean of the blocks' perplexities
}


def perplexities(losses):
    """Tabulate the perplexity of the real test set under every model, by both definitions.

    Parameters
    ----------
    losses : list of ndarray, each of shape (1 + generations, blocks)
        Of each run; the model before fine-tuning first.

    Returns
    -------
    DataFrame
        One row per definition and model: geometric mean over runs, its 95 % confidence interval by
        Student's t of logarithms (low, high), standard deviation (sd), and the value of each run.
    """
    tables = []
    for definition, perplexity in PERPLEXITIES.items():
        values = perplexity(np.stack(losses).astype(float))
        table = over_runs(values)
        table[["mean", "low", "high"]] = np.exp(summaries.confidence(np.log(values))).T
        table.insert(0, "model", table["generation"].map(_model_name))
        tables.append(table.assign(definition=definition))
    return pd.concat(tables)


def _model_name(generation):
    return {BEFORE: "zero-shot", 0: "real"}.get(generation, f"generation {generation}")


def differences(losses):
    """Differences of losses to generation 0 of the same run, block by block.

    Parameters
    ----------
    losses : list of ndarray, each of shape (1 + generations, blocks)
        Of each run; the model before fine-tuning first.

    Returns
    -------
    dict of int to ndarray, shape (runs, blocks)
        By generation, without generation 0.
    """
    stacked = np.stack(losses).astype(float)
    change = stacked - stacked[:, 1:2]
    return {g: change[:, g + 1] for g in range(BEFORE, change.shape[1] - 1) if g}


def run_variance(settings):
    """Variance over runs that all settings share, see `drift.pooled_run_variance`.

    Parameters
    ----------
    settings : dict of list of ndarray
        For each setting, the argument of `differences`.
    """
    return drift.pooled_run_variance(
        [
            values
            for losses in settings.values()
            for generation, values in differences(losses).items()
            if generation > 0
        ]
    )


def changes(settings, documents):
    """Tabulate the change of the loss of the real test set against generation 0 of the same run.

    Parameters
    ----------
    settings : dict of list of ndarray, each of shape (1 + generations, blocks)
        For each setting, the losses of each run; the model before fine-tuning first.
    documents : ndarray of int, shape (blocks,)
        Document of each block.

    Returns
    -------
    DataFrame
        One row per setting and generation: mean over runs and blocks, its 95 % interval (low,
        high; see `drift.interval`), number of runs, and the mean of each run.
    """
    spread, rows = run_variance(settings), []
    for setting, losses in settings.items():
        for generation, values in differences(losses).items():
            mean, low, high = drift.interval(values, spread, documents)
            row = {"setting": setting, "generation": generation, "mean": mean}
            row |= {"low": low, "high": high, "runs": len(values)}
            rows.append(row | {f"run{k:02d}": run.mean() for k, run in enumerate(values)})
    return pd.DataFrame(rows)


def texts(statistics):
    """Tabulate repetition and lost vocabulary in real and generated text.

    Parameters
    ----------
    statistics : list of dict of ndarray, each of shape (1 + generations,)
        One dict for each run. Each array holds one quantity, which is a share, of the real text,
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
    """Tabulate how the perplexity of text under model(0) is distributed.

    Parameters
    ----------
    runs : list of ndarray, each of shape (1 + generations, blocks)
        Perplexity of each block of the real text, samples(0), samples(1), …
    edges : ndarray, shape (bins + 1,)

    Returns
    -------
    DataFrame
        One row per generation and bin [perplexity_from, perplexity_to): mean over runs of the
        share of blocks in it, and its 5 % and 95 % quantiles (low, high); and of the share of
        blocks whose perplexity is at least perplexity_from (beyond, beyond_low, beyond_high).
    """
    counts = np.stack([[np.histogram(text, edges)[0] for text in run] for run in runs])
    shares = counts / runs[0].shape[1]  # (runs, generations, bins)
    beyond = shares[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    _, n_texts, n_bins = shares.shape
    table = {
        "generation": np.repeat(np.arange(n_texts) + BEFORE, n_bins),
        "perplexity_from": np.tile(edges[:-1], n_texts),
        "perplexity_to": np.tile(edges[1:], n_texts),
    }
    for values, names in (
        (shares, ("mean", "low", "high")),
        (beyond, ("beyond", "beyond_low", "beyond_high")),
    ):
        _, low, high = summaries.band(values)
        for name, column in zip(names, (values.mean(axis=0), low, high), strict=True):
            table[name] = column.ravel()
    return pd.DataFrame(table)


def edges_for(arrays):
    """Edges of bins that cover all values, of equal width on a logarithmic scale.

    Parameters
    ----------
    arrays : list of ndarray
        Positive.

    Returns
    -------
    ndarray, shape (N_BINS + 1,)
    """
    least = min(values.min() for values in arrays)
    most = max(values.max() for values in arrays)
    return np.geomspace(least * (1 - 1e-9), most * (1 + 1e-9), N_BINS + 1)


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
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(len(mean), np.nan)
    table |= {"sd": spread, "low": low, "high": high}
    table |= {f"run{run:02d}": row for run, row in enumerate(values)}
    return pd.DataFrame(table)
