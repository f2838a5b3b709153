"""What the page's charts show: means, intervals and single runs, one line for each setting."""

import re
from pathlib import Path

import pandas as pd

from report import plotting

RUN = re.compile(r"run\d+")
SERIES, PANELS = ("setting", "regime"), ("quantity", "definition")  # columns, if a table has them


def charts(paths):
    """Charts of those tables that have the columns generation, mean, low, high and single runs.

    Parameters
    ----------
    paths : iterable of path
        CSV.

    Returns
    -------
    dict of str to dict
        By the table's name: a list of lines by the panel's name, see `lines`.
    """
    return {Path(path).stem: panels(pd.read_csv(path)) for path in paths if is_chart(path)}


def is_chart(path):
    """Whether a table has the columns of a chart."""
    found = pd.read_csv(path, nrows=0).columns
    wanted = {"generation", "mean", "low", "high"} <= set(found)
    return wanted and any(map(RUN.fullmatch, found)) and not set(SERIES).isdisjoint(found)


def panels(table):
    """Lines of each panel of a table: of each quantity, if it has several."""
    column = next((name for name in PANELS if name in table), None)
    if column is None:
        return {"": lines(table)}
    groups = table.groupby(column, sort=False)
    return {name.replace("_", " "): lines(part) for name, part in groups}


def lines(table):
    """Lines of one panel, without what was measured before generation 0.

    Returns
    -------
    list of dict
        For each setting ``label``, ``colour``, ``generation``, ``mean``, ``low`` and ``high``,
        and ``runs``, a list for each run. Values that are missing are None.
    """
    column = next(name for name in SERIES if name in table)
    names, found = list(table[column].unique()), []
    for name, rows in table[table["generation"] >= 0].groupby(column, sort=False):
        label, position = plotting.regime(name, names)
        found.append(
            {
                **{"label": label, "colour": plotting.COLOURS[position]},
                **{key: _numbers(rows[key]) for key in ("generation", "mean", "low", "high")},
                "runs": [_numbers(rows[key]) for key in filter(RUN.fullmatch, table.columns)],
            }
        )
    return found


def _numbers(column):
    """Values of a column to five digits, for JSON."""
    return [None if pd.isna(value) else float(f"{value:.5g}") for value in column]
