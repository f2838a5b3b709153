"""Select values that were published, or derived before this project measured anything."""

import numpy as np
import pandas as pd

OPT = "facebook/opt-125m wikitext2 "  # settings of the paper's language model start with this


def select(table, **wanted):
    """Rows of a table whose columns have the wanted values.

    Parameters
    ----------
    table : DataFrame
        All published values, with the columns claim, quantity, setting, generation, run, value,
        grade and source. The grade is one of text (stated in the published text), code (in the
        authors' released code or its saved outputs), recalled (from secondary literature) and
        derived (calculated or simulated for this project).
    **wanted
        A value for each column, for example ``quantity="latent_std"``.

    Returns
    -------
    DataFrame
        Empty if nothing is known.
    """
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def interval(known, quantity):
    """Median and 5-95 % band of a quantity, as far as they are known.

    They are the values of `quantity` with the suffixes _median, _q05 and _q95. Where a mean and a
    standard deviation are known (_mean and _sd), the band is mean ± 1.645 standard deviations, as
    for a normal distribution.

    Parameters
    ----------
    known : DataFrame
        From `select`.
    quantity : str

    Returns
    -------
    middle, low, high : float
        NaN for what is not known.
    """
    by_name = dict(zip(known["quantity"], known["value"], strict=True))
    if f"{quantity}_mean" in by_name:
        middle, spread = by_name[f"{quantity}_mean"], 1.645 * by_name[f"{quantity}_sd"]
        return middle, middle - spread, middle + spread
    return tuple(by_name.get(f"{quantity}_{end}", float("nan")) for end in ("median", "q05", "q95"))


def loss_changes(known):
    """Changes of loss against generation 0, from the perplexities published for each generation.

    Parameters
    ----------
    known : DataFrame
        All published values. Those of the language model that name a generation and a run are of
        an independent replication with OPT-125m.

    Returns
    -------
    DataFrame
        One row per setting and generation, with the columns setting, generation, mean, low, high
        (mean and range over runs, nats per token) and runs.
    """
    table = known[known["quantity"].eq("perplexity") & known["run"].notna()]
    table = table[table["setting"].str.startswith(OPT)]
    keys = ["setting", "run"]
    first = table[table["generation"] == 0].set_index(keys)["value"]
    start = first.loc[pd.MultiIndex.from_frame(table[keys])].to_numpy()
    change = pd.DataFrame(
        {
            "setting": table["setting"].str.removeprefix(OPT),
            "generation": table["generation"].astype(int),
            "change": np.log(table["value"] / start),
        }
    )
    groups = change.groupby(["setting", "generation"], sort=False)["change"]
    return groups.agg(mean="mean", low="min", high="max", runs="size").reset_index()


def loss_ranges(known):
    """Ranges of the change of loss that are published without a series, where no data are kept.

    Parameters
    ----------
    known : DataFrame
        All published values.

    Returns
    -------
    dict of str to tuple of float
        Lowest and highest change against generation 0 in nats per token: of the ``paper`` after
        nine generations, and of the ``replication`` in all generations after the first.
    """
    table = select(known, setting=f"{OPT}no_data_preserved")
    values = dict(zip(table["quantity"], table["value"], strict=True))
    base = select(known, quantity="perplexity", setting=f"{OPT}real")["value"].item()
    start = select(table, quantity="perplexity", generation=0)["value"].item()
    rises = [values[f"perplexity_rise_{end}"] for end in ("low", "high")]
    later = [values[f"perplexity_later_{end}"] for end in ("low", "high")]
    return {
        "paper": tuple(float(np.log((base + rise) / base)) for rise in rises),
        "replication": tuple(float(np.log(value / start)) for value in later),
    }


def zero_shot_change(known):
    """Change of loss against generation 0 of OPT-125m before fine-tuning, from the paper's text."""
    before = select(known, quantity="zero_shot_perplexity", setting=OPT.strip())["value"].item()
    base = select(known, quantity="perplexity", setting=f"{OPT}real")["value"].item()
    return float(np.log(before / base))
