"""How to cite a figure: an entry for BibTeX, from CITATION.cff."""

import re

from pipeline import paths, yaml_files

CITATION = "CITATION.cff"


def read():
    """What CITATION.cff says."""
    return yaml_files.read_yaml(paths.source(CITATION))


def bibtex(facts, key, note):
    """Write an entry of type ``software``.

    Parameters
    ----------
    facts : dict
        From `read`: authors, title, version, date-released, and perhaps doi and repository-code.
    key, note : str

    Returns
    -------
    str
    """
    fields = {
        "author": " and ".join(map(_author, facts["authors"])),
        "title": f"{{{_escaped(facts['title'])}}}",
        "version": facts["version"],
        "year": facts["date-released"][:4],
        "doi": facts.get("doi"),
        "url": facts.get("repository-code"),
        "note": _escaped(note),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@software{{{key},", *lines, "}"])


def _author(author):
    if "name" in author:
        return f"{{{_escaped(author['name'])}}}"
    return _escaped(f"{author['family-names']}, {author['given-names']}")


def _escaped(text):
    return re.sub(r"([&%$#_{}])", r"\\\1", text)
