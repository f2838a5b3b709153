"""What the results show: families, their figures and tables, and their places in the paper."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from collapse import configuration
from collapse.errors import UserError


class Family(NamedTuple):
    """A chapter of the report: `figures` maps names to entries, `tables` names to titles."""

    id: str
    title: str
    about: str
    figures: dict
    tables: dict


def read(path, *, figures, tables):
    """Families of the contents file, in its order, with those figures and tables that there are.

    Parameters
    ----------
    path : str or Path
        YAML: per family ``title``, ``about``, ``figures`` and ``tables``. A figure's entry has
        ``alt`` and its place in the paper; its name may be a pattern, for those not named.
    figures, tables : list of str
        Names.

    Returns
    -------
    list of Family
        Without those that have neither figure nor table.

    Raises
    ------
    UserError
        If the file does not say where a figure or a table belongs.
    """
    families = configuration.read_yaml(path)
    known = {kind: _names(families, kind) for kind in ("figures", "tables")}
    for kind, wanted in (("figures", figures), ("tables", tables)):
        for name in wanted:
            if not _match(name, known[kind]):
                raise UserError(
                    f"{path} has no entry for {name}: add it to a family's {kind}, as its "
                    "neighbours are."
                )
    found = [
        Family(
            id,
            family["title"],
            family["about"],
            _chosen(family.get("figures", {}), figures, known["figures"]),
            _chosen(family.get("tables", {}), tables, known["tables"]),
        )
        for id, family in families.items()
    ]
    return [family for family in found if family.figures or family.tables]


def place(entry):
    """Where a figure's counterpart stands in the paper, or an empty text."""
    names = {"arxiv": "arXiv {}", "nature": "Nature {}", "elsewhere": "{}"}
    return ", ".join(form.format(entry[key]) for key, form in names.items() if key in entry)


def _names(families, kind):
    return [name for family in families.values() for name in family.get(kind, {})]


def _match(name, known):
    """The entry that stands for `name`: its own, or else a pattern."""
    if name in known:
        return name
    return next((pattern for pattern in known if fnmatchcase(name, pattern)), None)


def _chosen(entries, wanted, known):
    """Those of `wanted` whose entry is among `entries`, in the order of the entries."""
    return {
        name: entry
        for key, entry in entries.items()
        for name in wanted
        if _match(name, known) == key
    }
