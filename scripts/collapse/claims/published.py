"""Select values that were published, or derived before this project measured anything."""


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
