"""The report: one HTML page that holds all it shows and needs no network."""

import ast
import base64
import hashlib
import importlib.metadata
import platform
import re
import struct
import sys
from itertools import pairwise
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from collapse import claims as claim_records
from collapse import contents, files, flowchart

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
NUMBER = re.compile(r"^[−+-]?[\d.,]+(e[+-]?\d+)?%?( \[.*\])?$|^–$")
SHORT = 20  # rows of a table that is shown unasked
VERDICTS = ("supported", "not supported", "not testable at this scale")


def render(template, *, families, figures, tables, steps, claims=None, **facts):
    """The page as text; the same arguments and files give the same text.

    Parameters
    ----------
    template : str or Path
        Jinja template.
    families : list of contents.Family
    figures : dict of str to (path, path)
        PNG and caption of each figure; a caption is Markdown and begins with its title in bold.
    tables : dict of str to path
        Markdown.
    steps : dict of str to dict
        For each family's id, what `flowchart.draw` takes.
    claims : dict, optional
        ``rule``, how verdicts come about, and ``claims``, each with id, statement, where, grade,
        verdict, why and checks; shown instead of the table ``claims``.
    **facts
        What else the template knows.

    Returns
    -------
    str
    """
    chapters = [
        {
            **family._asdict(),
            "figures": [figure(n, *figures[n], entry) for n, entry in family.figures.items()],
            "tables": [
                table(name, tables[name], title)
                for name, title in family.tables.items()
                if not (name == "claims" and claims)
            ],
            "flow": flow(steps[family.id], family.title),
            "claims": judged(claims) if claims and family.id == "claims" else None,
        }
        for family in families
    ]
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(Path(template).read_text(encoding="utf-8"))
    return page.render(chapters=chapters, **facts).rstrip() + "\n"


def judged(claims):
    """What the template shows of the claims: their number by verdict, and rows of cells."""
    found = [
        {**claim, "rows": [check_cells(check) for check in claim["checks"]]}
        for claim in claims["claims"]
    ]
    counts = {verdict: sum(c["verdict"] == verdict for c in found) for verdict in VERDICTS}
    return {"rule": claims["rule"], "claims": found, "counts": counts}


def check_cells(check):
    """What a claim's check is, in columns: column and text."""
    control, missed = check["control"], check["verdict"] != claim_records.SUPPORTED
    return {
        "check": check["name"] + ("" if check["decides"] else " (does not decide)"),
        "verdict": check["verdict"],
        "measured": f"{check['quantity']} ({check['unit']})",
        "effect [95 %]": effect(check),
        "runs": check["runs"],
        "claimed": claim_records.told_rule(check["rule"]),
        "note": " ".join([f"{check['why']}."] * missed + [check.get("note", "")]).strip(),
        "refuted by": check["refuted_by"],
        "published": "; ".join(map(claim_records.told_published, check["published"])) or "–",
        "control": f"{control['what']}: {control['verdict']}, {effect(control)}",
    }


def effect(outcome):
    """Effect and interval of a check or of its control."""
    if outcome["effect"] is None:
        return "–"
    return "{effect:.3g} [{low:.3g}, {high:.3g}]".format(**outcome)


def figure(name, png, caption, entry):
    """What the template shows of a figure: the image inlined, its size, title, caption, place."""
    image = Path(png).read_bytes()
    width, height = struct.unpack(">II", image[16:24])
    text = Path(caption).read_text(encoding="utf-8").strip()
    title, _, rest = text.removeprefix("**").partition("**")
    return {
        "name": name,
        "title": title.rstrip(".: "),
        "caption": Markup(MARKDOWN.render(rest.strip())),
        "alt": entry["alt"],
        "place": contents.place(entry),
        "source": "data:image/png;base64," + base64.b64encode(image).decode(),
        "width": width,
        "height": height,
    }


def table(name, path, title):
    """What the template shows of a Markdown table; numbers stand to the right."""
    tokens = MARKDOWN.parse(Path(path).read_text(encoding="utf-8"))
    heads = [token for token in tokens if token.type == "th_open"]
    cells = [pair for pair in pairwise(tokens) if pair[0].type == "td_open"]
    for head in heads:
        head.attrSet("scope", "col")
    for link in (token for inline in tokens for token in inline.children or []):
        if link.type == "link_open" and link.attrs["href"].endswith(".md"):  # a table beside it
            link.attrSet("href", f"#table-{link.attrs['href'].removesuffix('.md')}")
    for n, head in enumerate(heads):
        column = cells[n :: len(heads)]
        kind = "number" if all(NUMBER.match(inner.content) for _, inner in column) else None
        kind = "words" if any(len(inner.content) > 30 for _, inner in column) else kind
        for cell in [head, *(cell for cell, _ in column)] if kind else []:
            cell.attrSet("class", kind)
    rows = sum(token.type == "tr_open" for token in tokens) - 1
    html = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return {"name": name, "title": title, "html": Markup(html), "rows": rows, "long": rows > SHORT}


def flow(steps, title):
    """A family's rules as a drawing, and in words for those who cannot see it; one needs none."""
    words = "; ".join(
        f"{name} from {', '.join(step['takes'])}" if step["takes"] else name
        for name, step in steps.items()
    )
    return Markup(flowchart.draw(steps, f"Rules of {title}: {words}.")) if len(steps) > 1 else ""


def digests(paths, *, known):
    """SHA-256 of each file, and one over all of them.

    Parameters
    ----------
    paths : list of str
    known : dict of str to str
        Hashes of files that need not be here.

    Returns
    -------
    dict
        ``digest``, of the lines "<hash>  <path>" in the order of `paths` as sha256sum prints
        them, and ``files``, pairs of path and hash.
    """
    found = [(path, known.get(path) or files.sha256(path)) for path in paths]
    lines = "".join(f"{digest}  {path}\n" for path, digest in found)
    return {"digest": hashlib.sha256(lines.encode()).hexdigest(), "files": found}


def versions(sources):
    """Versions of Python, of Snakemake and of the packages that Python files import.

    Parameters
    ----------
    sources : list of str
        Python files; others are passed over.

    Returns
    -------
    dict of str to str
    """
    modules = {"snakemake"}
    for path in (path for path in sources if path.endswith(".py")):
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules.add((node.module or "").split(".")[0])
    homes = importlib.metadata.packages_distributions()
    names = {n for m in modules - sys.stdlib_module_names for n in homes.get(m, [])}
    found = {name: importlib.metadata.version(name) for name in sorted(names, key=str.lower)}
    return {"Python": platform.python_version(), **found}
