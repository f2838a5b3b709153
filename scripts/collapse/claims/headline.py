"""Headline numbers of every chain: its spread or perplexity by generation."""

import pandas as pd


def histories(gaussian, *, gmm=None, vae=None, lm=None):
    """Collect one number per generation for each chain, from the tables of the families.

    Parameters
    ----------
    gaussian : dict of DataFrame
        Table gaussian_errors of each regime, from which the median of the fitted standard
        deviation is taken; empty if this family was not run.
    gmm : DataFrame, optional
        Table gmm_generations: median of the total standard deviation.
    vae : DataFrame, optional
        Table vae_generations: mean of the standard deviation of latents under the original encoder.
        Generation g shows samples(g − 1), generation 0 real images.
    lm : DataFrame, optional
        Table lm_perplexity: mean perplexity of real text under model(g).

    Returns
    -------
    DataFrame
        One column for each chain, indexed by generation. NaN where a table has no row.
    """
    columns = {}
    for regime, table in gaussian.items():
        for (ddof, size), chain in table.groupby(["ddof", "size"]):
            name = f"gaussian_{regime}_ddof{ddof}_size{size}_std"
            columns[name] = chain.set_index("generation")["std"]
    if gmm is not None:
        for (regime, data, size), chain in gmm.groupby(["regime", "data", "size"]):
            name = f"gmm_{regime}_{data}_size{size}_std"
            columns[name] = chain.set_index("generation")["total_std"]
    if vae is not None:
        for regime, chain in vae[vae["quantity"] == "latent_std"].groupby("regime"):
            columns[f"vae_{regime}_latent_std"] = chain.set_index("generation")["mean"]
    if lm is not None:
        trained = lm[lm["generation"] >= 0]
        for (setting, definition), chain in trained.groupby(["setting", "definition"]):
            name = f"lm_{setting}_{definition}_perplexity"
            columns[name] = chain.set_index("generation")["mean"]
    return pd.DataFrame(columns).rename_axis("generation").sort_index()


def ends(histories):
    """First and last value of each chain.

    Parameters
    ----------
    histories : DataFrame
        From `histories`.

    Returns
    -------
    DataFrame
        Columns quantity, first, last, and last_generation, the generation of the last value.
    """
    known = {name: values.dropna() for name, values in histories.items()}
    rows = [(name, v.iloc[0], v.iloc[-1], int(v.index[-1])) for name, v in known.items()]
    return pd.DataFrame(rows, columns=["quantity", "first", "last", "last_generation"])


def numbers(histories, chains):
    """First and last values of a family.

    Parameters
    ----------
    histories : DataFrame
        From `histories`.
    chains : dict of str to str
        Columns: ``last``, a chain in which nothing but the previous generation's samples is kept,
        and ``kept``, one that keeps earlier or real data; either may be missing.

    Returns
    -------
    dict of str to float
        ``first``, the first value of these chains, then the last value of each, by the same names.
        Four significant digits.
    """
    values = {key: histories[column].dropna() for key, column in chains.items()}
    found = {"first": next(iter(values.values())).iloc[0]} if values else {}
    found |= {key: chain.iloc[-1] for key, chain in values.items()}
    return {key: float(f"{value:.4g}") for key, value in found.items()}


def curves(histories, columns):
    """Values of some chains by generation.

    Parameters
    ----------
    histories : DataFrame
        From `histories`.
    columns : dict of str to str
        Columns by the names that they get.

    Returns
    -------
    list of dict
        ``generation`` and the chains' values, with six significant digits. None after the end of
        a chain. Generations in which no chain has a value are left out.
    """
    shown = histories[list(columns.values())].dropna(how="all")
    return [
        {"generation": int(generation)}
        | {name: _rounded(values[column]) for name, column in columns.items()}
        for generation, values in shown.iterrows()
    ]


def _rounded(value):
    return None if pd.isna(value) else float(f"{value:.6g}")
