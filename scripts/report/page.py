"""The report: one self-contained HTML page, which loads nothing from the network."""

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
from collapse.claims import tables as claim_tables
from collapse.claims.claims import OUTCOMES, SUPPORTED, describe_effect, describe_rule
from markdown_it import MarkdownIt
from markupsafe import Markup
from pipeline import checksums, files, paths

from report import contents, flowchart

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
NUMBER = re.compile(r"^[−+-]?[\d.,]+(e[+-]?\d+)?%?( \[.*\])?$|^–$")
SHORT = 20  # a table of at most this many rows is shown unfolded
TEMPLATE = "workflow/report/page.html"


def render(*, families, figures, tables, steps, claims, **facts):
    """Render the page as text; the same arguments and files give the same text.

    Parameters
    ----------
    families : list of contents.Family
    figures : dict of str to (path, path)
        PNG and caption of each figure. A caption is Markdown that starts with a bold title.
    tables : dict of str to path
        Markdown.
    steps : dict of str to dict
        For the id of each family, the argument `steps` of `flowchart.draw`.
    claims : dict
        ``rule``, how verdicts are made; ``left_out``, claims by family that was not run; and
        ``claims``, each with id, short, statement, where, grade, verdict, why, gates, checks and
        agreement. Shown instead of the table ``claims``.
    **facts
        Further variables of the template.

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
                if name != "claims"
            ],
            "flow": flow(steps[family.id], family.title),
            "claims": judged(claims) if family.id == "claims" else None,
        }
        for family in families
    ]
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(paths.source(TEMPLATE).read_text(encoding="utf-8"))
    return page.render(chapters=chapters, **facts).rstrip() + "\n"


def judged(claims):
    """Return what the template shows of the claims: counts by verdict, and rows of cells."""
    found = [
        {
            **claim,
            "rows": [check_cells(check) for check in claim["checks"]],
            "compared": [agreement_cells(entry) for entry in claim["agreement"]],
            "number": claim_tables.deciding(claim),
        }
        for claim in claims["claims"]
    ]
    counts = {verdict: sum(c["verdict"] == verdict for c in found) for verdict in OUTCOMES}
    missing = claim_tables.describe_left_out(claims["left_out"])
    return {"rule": claims["rule"], "claims": found, "counts": counts, "missing": missing}


def check_cells(check):
    """Return a check of a claim as text by column."""
    missed = check["verdict"] != SUPPORTED
    return {
        "check": check["name"] + ("" if check["decides"] else " (does not decide)"),
        "verdict": check["verdict"],
        "measured": f"{check['quantity']} ({check['unit']})",
        "effect [95 %]": describe_effect(check),
        "runs": claim_tables.describe_runs(check),
        "claimed": describe_rule(check["rule"]),
        "note": " ".join([f"{check['why']}."] * missed + [check.get("note", "")]).strip(),
        "refuted by": check["refuted_by"],
        "published": "; ".join(map(claim_tables.describe_published, check["published"])) or "–",
        "control": claim_tables.describe_control(check),
    }


def agreement_cells(entry):
    """Return an agreement with published numbers as text by column."""
    return {
        "published number": entry["name"],
        "verdict": entry["verdict"],
        "measured": f"{entry['quantity']} ({entry['unit']})",
        "effect [95 %]": describe_effect(entry),
        "agrees if": describe_rule(entry["rule"]),
        "note": f"{entry['why']}. {entry.get('note', '')}".strip(),
        "published": "; ".join(map(claim_tables.describe_published, entry["published"])),
    }


def figure(name, png, caption, entry):
    """Return what the template shows of a figure: inlined image, size, title, caption, place."""
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
    """Return what the template shows of a Markdown table; columns of numbers align right."""
    tokens = MARKDOWN.parse(Path(path).read_text(encoding="utf-8"))
    heads = [token for token in tokens if token.type == "th_open"]
    cells = [pair for pair in pairwise(tokens) if pair[0].type == "td_open"]
    for head in heads:
        head.attrSet("scope", "col")
    for link in (token for inline in tokens for token in inline.children or []):
        if link.type == "link_open" and link.attrs["href"].endswith(".md"):  # another table
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
    """Draw a family's rules, with a text alternative; rules without connections need no drawing."""
    if not any(step["takes"] for step in steps.values()):
        return ""
    words = "; ".join(
        f"{name} from {', '.join(step['takes'])}" if step["takes"] else name
        for name, step in steps.items()
    )
    return Markup(flowchart.draw(steps, f"Rules of {title}: {words}."))


def data_digests(data, sums):
    """SHA-256 of each data file.

    Parameters
    ----------
    data : list of str
    sums : list of str
        Files as `pipeline.checksums` writes them. Data that they list need not be present.

    Returns
    -------
    dict of str to str
    """
    known = {path: digest for file in sums for path, digest in checksums.read(file).items()}
    return {path: known.get(path) or files.sha256(path) for path in data}


def listing(digests):
    """Hashes as the page lists them, and one hash over all of them.

    Parameters
    ----------
    digests : dict of str to str
        Hash by name.

    Returns
    -------
    dict
        ``rows``, pairs of name and hash by name, and ``digest``, the SHA-256 of the lines
        "<hash>  <name>" in this order, as ``sha256sum`` prints them.
    """
    rows = sorted(digests.items())
    lines = "".join(f"{digest}  {name}\n" for name, digest in rows)
    return {"digest": hashlib.sha256(lines.encode()).hexdigest(), "rows": rows}


def versions(sources):
    """Versions of Python, of Snakemake and of the packages that Python files import.

    Parameters
    ----------
    sources : iterable of str
        Paths relative to the project's root; only Python files count.

    Returns
    -------
    dict of str to str
    """
    trees = [
        ast.parse(paths.source(name).read_text(encoding="utf-8"))
        for name in sources
        if name.endswith(".py")
    ]
    modules = {"snakemake"}.union(*(imported(node) for tree in trees for node in ast.walk(tree)))
    homes = importlib.metadata.packages_distributions()
    names = {n for m in modules - sys.stdlib_module_names for n in homes.get(m, [])}
    found = {name: importlib.metadata.version(name) for name in sorted(names, key=str.lower)}
    return {"Python": platform.python_version(), **found}


def imported(node):
    """Names of the top-level modules that a node of a syntax tree imports."""
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and not node.level:
        return {(node.module or "").split(".")[0]}
    return set()
