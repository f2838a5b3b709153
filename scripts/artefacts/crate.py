"""A finished run as a Workflow Run RO-Crate: ro-crate-metadata.json, from the records of its jobs.

The crate is the project's folder. It has one action for each run of a scale, with the files that
the run read and shows. Records hold no times, so actions have none.

References
----------
https://w3id.org/ro/wfrun/workflow/0.5, which extends https://w3id.org/ro/wfrun/process/0.5 and
https://w3id.org/workflowhub/workflow-ro-crate/1.0.
"""

from pathlib import Path

from collapse.errors import UserError
from pipeline import files, plan

from artefacts import metadata

FILE = "ro-crate-metadata.json"
WORKFLOW = "Snakefile"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
    {"sha256": "http://schema.org/sha256"},
]
CRATE = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = (  # address, name and version of each profile that the folder conforms to
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    (WORKFLOW_CRATE, "Workflow RO-Crate", "1.0"),
)
DESCRIPTOR = {
    "@id": FILE,
    "@type": "CreativeWork",
    "about": {"@id": "./"},
    "conformsTo": [{"@id": CRATE}, {"@id": WORKFLOW_CRATE}],
}
LANGUAGE = {
    "@id": "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
    "@type": "ComputerLanguage",
    "name": "Snakemake",
    "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
    "url": {"@id": "https://snakemake.readthedocs.io"},
}
FORMATS = {
    **{".png": "image/png", ".pdf": "application/pdf", ".html": "text/html"},
    **{".md": "text/markdown", ".csv": "text/csv", ".json": "application/json"},
    **{".yaml": "application/yaml", ".txt": "text/plain", "": "text/plain"},
}


def run(scale):
    """Write the description of a finished run.

    Parameters
    ----------
    scale : str

    Raises
    ------
    UserError
        If a job of the run is left.
    """
    with plan.planned(scale) as planned:
        if planned.waiting:
            raise UserError(
                f"the run of scale {scale} is not finished, {len(planned.waiting)} jobs are left: "
                f"run 'make reproduce SCALE={scale}' first."
            )
        records = [verdict.record for verdict in planned.verdicts if verdict.record]
    described = describe({scale: records}, metadata.citation(), lambda path: Path(path).is_file())
    files.write_json(FILE, described)
    print(f"{FILE} describes the run of scale {scale} and this folder")


def describe(runs, about, exists, *, published=False):
    """The description of a folder and of the runs in it, as JSON-LD.

    Parameters
    ----------
    runs : dict of str to list of dict
        Records of all jobs, by scale.
    about : dict
        See `metadata.citation`.
    exists : callable
        Says whether the folder has a file, by its path.
    published : bool
        The project's authors have made the runs; otherwise nobody is named.

    Returns
    -------
    dict
    """
    graph = Graph()
    authors = [graph.add(_organisation(name)) for name in about["authors"]]
    licence = graph.add(_licence(about["license"]))
    known = {"author": _one(authors), "license": licence, "version": about["version"]}
    workflow = graph.add(_workflow(about, known, graph.add(LANGUAGE)))
    graph.add({**_file("README.md"), "about": {"@id": "./"}})
    agent = {"agent": authors[0]} if published else {}
    actions = [
        graph.add({**_action(scale, records, exists, graph), **agent})
        for scale, records in sorted(runs.items())
    ]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": about["title"],
        "description": about["abstract"],
        "datePublished": about["date-released"],
        "keywords": about["keywords"],
        **known,
        "conformsTo": [graph.add(_profile(*profile)) for profile in PROFILES],
        "citation": [graph.add(_paper(paper)) for paper in about["references"]],
        "mainEntity": workflow,
        "mentions": _one(actions),
        "hasPart": graph.files(),
    }
    return {"@context": CONTEXT, "@graph": [DESCRIPTOR, root, *graph.entities.values()]}


class Graph:
    """Entities of JSON-LD by their identifiers."""

    def __init__(self):
        self.entities = {}

    def add(self, entity):
        """Add an entity unless it is known; return a reference to it."""
        self.entities.setdefault(entity["@id"], entity)
        return {"@id": entity["@id"]}

    def files(self):
        """References to all files, by path."""
        names = (key for key, entity in self.entities.items() if "File" in entity["@type"])
        return [{"@id": name} for name in sorted(names)]


def _one(values):
    """A list, or its only value: RO-Crate writes a single value without a list."""
    return values[0] if len(values) == 1 else values


def _workflow(about, known, language):
    return {
        **_file(WORKFLOW),
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": about["title"],
        "programmingLanguage": language,
        **known,
    }


def _action(scale, records, exists, graph):
    """The run of a scale; adds the files that it read and shows to the graph."""
    read = {path: digest for record in records for path, digest in record["inputs"].items()}
    made = {path: digest for record in records for path, digest in record["outputs"].items()}
    data = sorted(path for path in read if path.startswith("data/") and "SUMS" not in path)
    shown = sorted(path for path in made if path.startswith(_shown(scale)) and exists(path))
    settings = filter(exists, ("config.yaml", f"workflow/scales/{scale}.yaml"))
    return {
        "@id": f"#run-{scale}",
        "@type": "CreateAction",
        "name": f"Run of scale {scale}",
        "description": f"make reproduce SCALE={scale}: {len(records)} jobs; {_software(records)}",
        "instrument": {"@id": WORKFLOW},
        "object": [
            *(graph.add(_file(path)) for path in settings),
            *(graph.add(_data(path, read[path], exists(path))) for path in data),
        ],
        "result": [graph.add(_file(path, made[path])) for path in shown],
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }


def _shown(scale):
    return tuple(f"results/{scale}/{part}" for part in ("tables/", "figures/", "report"))


def _software(records):
    """Versions of Python and of packages, and GPUs, that the jobs had."""
    found = {f"{name} {text}" for record in records for name, text in record["versions"].items()}
    return ", ".join(sorted(found))


def _file(path, digest=None):
    known = {"@id": path, "@type": "File", "name": path, "encodingFormat": _format(path)}
    return {**known, "sha256": digest} if digest else known


def _format(path):
    return FORMATS.get(Path(path).suffix, "application/octet-stream")


def _data(path, digest, here):
    """A file of data; one that the folder does not have is known by its hash alone."""
    absent = {"@id": f"#{path}", "@type": "CreativeWork", "name": path, "sha256": digest}
    return _file(path, digest) if here else absent


def _organisation(name):
    return {"@id": f"#{name.replace(' ', '-')}", "@type": "Organization", "name": name}


def _licence(name):
    return {"@id": metadata.LICENCES + name, "@type": "CreativeWork", "name": f"{name} License"}


def _profile(address, name, version):
    return {"@id": address, "@type": "CreativeWork", "name": name, "version": version}


def _paper(paper):
    return {
        "@id": metadata.address(paper),
        "@type": "ScholarlyArticle",
        "name": paper["title"],
        "datePublished": paper["year"],
    }
