"""Few numbers that say how far every chain has gone: spread, or perplexity, by generation."""

import pandas as pd


def histories(gaussian, gmm, vae, lm):
    """One column for each chain of the results, from their tables over runs.

    Parameters
    ----------
    gaussian : dict of DataFrame
        Of each regime, the table gaussian_errors: the median fitted standard deviation.
    gmm : DataFrame
        The table gmm_generations: the median total standard deviation.
    vae : DataFrame
        The table vae_generations: the mean standard deviation of the original encoder's latents,
        at generation g of samples(g - 1), at 0 of real images.
    lm : DataFrame
        The table lm_perplexity: the mean perplexity of real text under generation g.

    Returns
    -------
    DataFrame, indexed by generation
        NaN where a table has no row.
    """
    columns = {}
    for regime, table in gaussian.items():
        for (ddof, size), chain in table.groupby(["ddof", "size"]):
            name = f"gaussian_{regime}_ddof{ddof}_size{size}_std"
            columns[name] = chain.set_index("generation")["std"]
    for (regime, data, size), chain in gmm.groupby(["regime", "data", "size"]):
        name = f"gmm_{regime}_{data}_size{size}_std"
        columns[name] = chain.set_index("generation")["total_std"]
    for regime, chain in vae[vae["quantity"] == "latent_std"].groupby("regime"):
        columns[f"vae_{regime}_latent_std"] = chain.set_index("generation")["mean"]
    trained = lm[lm["generation"] >= 0]
    for (setting, definition), chain in trained.groupby(["setting", "definition"]):
        name = f"lm_{setting}_{definition}_perplexity"
        columns[name] = chain.set_index("generation")["mean"]
    return pd.DataFrame(columns).rename_axis("generation").sort_index()


def ends(histories):
    """The first and the last value of each column.

    Returns
    -------
    DataFrame
        Columns quantity, generation 0, last generation, and its number, generations.
    """
    known = {name: values.dropna() for name, values in histories.items()}
    rows = [(name, v.iloc[0], v.iloc[-1], int(v.index[-1])) for name, v in known.items()]
    return pd.DataFrame(rows, columns=["quantity", "first", "last", "last_generation"])
