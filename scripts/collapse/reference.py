"""Values that were published, or derived before this project measured anything."""

import pandas as pd

from collapse.errors import UserError

COLUMNS = ["claim", "quantity", "setting", "generation", "run", "value", "grade", "source"]


def values(path, **wanted):
    """Rows of the reference file whose columns have the wanted values.

    Parameters
    ----------
    path : str or Path
        CSV with `COLUMNS`. Grades: text (stated in the published text), code (in the authors'
        released code or its saved outputs), recalled (from secondary reading), derived (worked out
        or simulated for this project).
    **wanted
        Column and value, for example quantity="latent_std".

    Returns
    -------
    DataFrame
        Empty where nothing is known.

    Raises
    ------
    UserError
        If the file is not such a table.
    """
    try:
        table = pd.read_csv(path)
    except ValueError as error:  # pandas' parser errors too
        raise UserError(f"{path} is not a table ({str(error).strip()}): put it back.") from error
    if list(table.columns) != COLUMNS:
        raise UserError(f"{path} has not the columns {', '.join(COLUMNS)}: put it back.")
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table


def interval(known, quantity):
    """Middle, low and high end of a quantity's 5-95 % band; NaN for what is not known.

    From ``quantity``_median, _q05 and _q95, or from _mean ± 1.645 _sd, which is the same band for a
    normal distribution.

    Parameters
    ----------
    known : DataFrame
        From `values`.
    quantity : str
    """
    by_name = dict(zip(known["quantity"], known["value"], strict=True))
    if f"{quantity}_mean" in by_name:
        middle, spread = by_name[f"{quantity}_mean"], 1.645 * by_name[f"{quantity}_sd"]
        return middle, middle - spread, middle + spread
    return tuple(by_name.get(f"{quantity}_{end}", float("nan")) for end in ("median", "q05", "q95"))
