"""Values that were published, or derived before this project measured anything."""

import pandas as pd

GRADES = {
    "text": "stated in the published text",
    "code": "in the authors' released code or its saved outputs",
    "recalled": "from secondary reading, not checked against the PDF",
    "derived": "worked out or simulated for this project",
}


def values(path, quantity, *, setting=None):
    """Rows of the reference file for one quantity.

    Parameters
    ----------
    path : str or Path
        CSV with columns claim, quantity, setting, generation, run, value, grade, source.
    quantity : str
    setting : str, optional
        Only this setting.

    Returns
    -------
    DataFrame
        Empty where nothing was published.
    """
    table = pd.read_csv(path)
    chosen = table["quantity"] == quantity
    if setting is not None:
        chosen &= table["setting"] == setting
    return table[chosen]


def at(path, setting):
    """Values of one setting, each measured at its last generation, by quantity.

    Returns
    -------
    dict of str to float
        Empty where nothing is known of `setting`.
    """
    table = pd.read_csv(path)
    rows = table[table["setting"] == setting]
    return dict(zip(rows["quantity"], rows["value"], strict=True))


def interval(known, quantity):
    """Middle, low and high end of a quantity's band, or None.

    From ``quantity``_median, _q05 and _q95 where they are known, else mean ± 1.645 standard
    deviations (_mean, _sd), which is the same band for a normal distribution.
    """
    if f"{quantity}_mean" in known:
        middle, spread = known[f"{quantity}_mean"], 1.645 * known[f"{quantity}_sd"]
        return middle, middle - spread, middle + spread
    if f"{quantity}_q05" in known:
        low, high = known[f"{quantity}_q05"], known[f"{quantity}_q95"]
        return known.get(f"{quantity}_median", (low + high) / 2), low, high
    if f"{quantity}_median" in known:
        return (known[f"{quantity}_median"],) * 3
    return None
