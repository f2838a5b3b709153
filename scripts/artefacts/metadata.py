"""The project's description for archives and catalogues: CITATION.cff, codemeta.json, .zenodo.json.

Each fact has one place: the version is in pyproject.toml, the date of its release in CHANGELOG.md,
and everything else in CITATION.cff. The other two files are generated.
"""

import argparse
import json
import re
import sys
import tomllib

import yaml
from collapse.errors import UserError
from pipeline import files, paths

CITATION = "CITATION.cff"
LICENCES = "https://spdx.org/licenses/"


def version():
    """The project's version, from pyproject.toml."""
    return _toml()["version"]


def release_date(name):
    """The date on which a version was released, from its heading in CHANGELOG.md.

    Parameters
    ----------
    name : str
        A version.

    Returns
    -------
    str
        As YYYY-MM-DD.

    Raises
    ------
    UserError
        If the version has no section with a date.
    """
    text = paths.source("CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## \[?{re.escape(name)}\]? - (\d{{4}}-\d\d-\d\d)$", text, re.M)
    if not found:
        raise UserError(
            f"CHANGELOG.md has no section '## {name} - YYYY-MM-DD' for the version in "
            "pyproject.toml: add it, or change the version."
        )
    return found[1]


def citation():
    """What CITATION.cff says, with today's version and its date; dates are text."""
    found = yaml.load(_citation_text(), yaml.BaseLoader)
    found["authors"] = [_author(author) for author in found["authors"]]
    return found


def generated():
    """The text of every file that is generated, as a whole or in part, by its path."""
    about = citation()
    return {
        CITATION: _citation_text(),
        "codemeta.json": _as_json(codemeta(about)),
        ".zenodo.json": _as_json(zenodo(about)),
    }


def outdated():
    """Paths of generated files that are missing or differ from their sources."""
    return [path for path, text in generated().items() if _current(paths.source(path)) != text]


def codemeta(about):
    """The description in terms of CodeMeta 3.0.

    Parameters
    ----------
    about : dict
        See `citation`.
    """
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": about["title"],
        "description": about["abstract"],
        "version": about["version"],
        "datePublished": about["date-released"],
        "license": LICENCES + about["license"],
        "keywords": about["keywords"],
        "author": [{"@type": "Organization", "name": name} for name in about["authors"]],
        "programmingLanguage": ["Python", "Snakemake"],
        "runtimePlatform": f"Python {_toml()['requires-python']}",
        "softwareRequirements": "requirements.txt",
        "referencePublication": [_article(paper) for paper in about["references"]],
    }


def zenodo(about):
    """The description in terms of Zenodo's deposits; see `codemeta`."""
    return {
        "title": about["title"],
        "description": about["abstract"],
        "upload_type": "software",
        "access_right": "open",
        "version": about["version"],
        "publication_date": about["date-released"],
        "license": about["license"],
        "keywords": about["keywords"],
        "creators": [{"name": name} for name in about["authors"]],
        "related_identifiers": [
            {"identifier": identifier(paper), "relation": "isDerivedFrom"}
            for paper in about["references"]
        ],
    }


def identifier(paper):
    """A paper's DOI, or another identifier such as arXiv's."""
    return paper.get("doi") or paper["identifiers"][0]["value"]


def address(paper):
    """The web address of a paper."""
    return f"https://doi.org/{paper['doi']}" if "doi" in paper else paper["url"]


def names(paper):
    """Authors of a paper, given names first."""
    return [f"{author['given-names']} {author['family-names']}" for author in paper["authors"]]


def _current(path):
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _article(paper):
    return {
        "@type": "ScholarlyArticle",
        "@id": address(paper),
        "name": paper["title"],
        "author": [{"@type": "Person", "name": name} for name in names(paper)],
        "datePublished": paper["year"],
    }


def _author(author):
    return author.get("name") or f"{author['given-names']} {author['family-names']}"


def _citation_text():
    """The text of CITATION.cff with the version of pyproject.toml and its date."""
    text = paths.source(CITATION).read_text(encoding="utf-8")
    facts = {"version": version(), "date-released": release_date(version())}
    for key, value in facts.items():
        text, found = re.subn(rf"^{key}: .*$", f"{key}: {value}", text, flags=re.M)
        if found != 1:
            raise UserError(f"{CITATION} must have one line '{key}: ...', found {found}: add it.")
    return text


def _toml():
    return tomllib.loads(paths.source("pyproject.toml").read_text(encoding="utf-8"))["project"]


def _as_json(value):
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main(argv=None):
    """Write the files; with ``--check``, exit 1 with one line if some are out of date."""
    parser = argparse.ArgumentParser(prog="python -m artefacts.metadata", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if they differ")
    check = parser.parse_args(argv).check
    try:
        found = outdated()
    except UserError as error:
        print(error)
        return 1
    if found and check:
        print(
            f"{', '.join(found)} differ from pyproject.toml, CHANGELOG.md and CITATION.cff: run "
            "python -m artefacts.metadata."
        )
        return 1
    for path in found:
        files.write_text(paths.source(path), generated()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
