"""What the results show: families, their figures and tables, and the counterparts in the paper."""

from pathlib import Path
from typing import NamedTuple

from collapse.errors import UserError
from pipeline import paths, shapes, yaml_files
from pydantic import BaseModel

CONTENTS = "workflow/report/contents.yaml"


class Figure(BaseModel, extra="forbid"):
    """An entry of a figure in the file."""

    alt: str
    arxiv: str = ""
    nature: str = ""
    elsewhere: str = ""
    claims: list[str] = []


class Chapter(BaseModel, extra="forbid"):
    """An entry of a family in the file."""

    title: str
    about: str
    lead: str = ""
    figures: dict[str, Figure] = {}
    tables: dict[str, str] = {}


class Family(NamedTuple):
    """A chapter of the report: `figures` maps names to entries, `tables` names to titles.

    `lead` is the figure whose caption begins with the family's finding; empty if there is none.
    """

    id: str
    title: str
    about: str
    figures: dict
    tables: dict
    lead: str = ""


def read(figures, tables):
    """Read the families of the given figures and tables from ``workflow/report/contents.yaml``.

    Each family of the file has ``title``, ``about``, ``figures`` and ``tables``, and perhaps
    ``lead``. The entry of a figure has ``alt``, the figure's place in the paper, and perhaps
    ``claims``.

    Parameters
    ----------
    figures, tables : list of str
        Names.

    Returns
    -------
    list of Family
        In the order of the file, each with the given figures and tables only; none is empty.

    Raises
    ------
    UserError
        If the file is damaged, or a figure or table belongs to no family.
    """
    families = _written()
    del families["opening"]
    known = {kind: _names(families, kind) for kind in ("figures", "tables")}
    for kind, wanted in (("figures", figures), ("tables", tables)):
        for name in wanted:
            if name not in known[kind]:
                raise UserError(
                    f"{CONTENTS}: no entry for {name}. Add one to the {kind} of a family."
                )
    found = [
        Family(
            id,
            family["title"],
            family["about"],
            _chosen(family.get("figures", {}), figures),
            _chosen(family.get("tables", {}), tables),
            family.get("lead", ""),
        )
        for id, family in families.items()
    ]
    return [_with_lead(family) for family in found if family.figures or family.tables]


def opening(figures):
    """Names of those figures that the page opens with, in the order of the file."""
    return [name for name in _written()["opening"] if name in figures]


def figures_of_claims(families):
    """The figure that shows what each claim is about, by the claim's id."""
    return {
        claim: name
        for family in families
        for name, entry in family.figures.items()
        for claim in entry.get("claims", [])
    }


def place(entry):
    """Where the paper has a figure's counterpart; an empty text if nowhere."""
    names = {"arxiv": "arXiv {}", "nature": "Nature {}", "elsewhere": "{}"}
    return ", ".join(form.format(entry[key]) for key, form in names.items() if key in entry)


def family_of(families, path):
    """The family that a figure belongs to, by the path of one of its files."""
    return next(family for family in families if Path(path).stem in family.figures)


def labels(families, path):
    """What Snakemake's own report lists of a figure, by the path of one of its files."""
    name = Path(path).stem
    entry = family_of(families, path).figures[name]
    return {"figure": name, "in the paper": place(entry) or "–"}


def _written():
    read = yaml_files.read_yaml(paths.source(CONTENTS))
    shapes.checked(read, dict, CONTENTS)
    shapes.checked(read.get("opening"), list[str], CONTENTS)
    chapters = {name: part for name, part in read.items() if name != "opening"}
    shapes.checked(chapters, dict[str, Chapter], CONTENTS)
    return read


def _with_lead(family):
    """The family with another lead if its own is not among its figures."""
    if not family.lead or family.lead in family.figures:
        return family
    return family._replace(lead=next(iter(family.figures), ""))


def _names(families, kind):
    return [name for family in families.values() for name in family.get(kind, {})]


def _chosen(entries, wanted):
    """Those entries that are wanted, in their own order."""
    return {name: entry for name, entry in entries.items() if name in wanted}
