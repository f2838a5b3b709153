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
from collapse.claims.claims import (
    NOT_TESTABLE,
    OUTCOMES,
    SUPPORTED,
    describe_effect,
    describe_rule,
)
from markdown_it import MarkdownIt
from markupsafe import Markup
from pipeline import checksums, files, paths

from report import citation, contents, flowchart, runs

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
NUMBER = re.compile(r"^[−+-]?[\d.,]+(e[+-]?\d+)?%?( \[.*\])?$|^–$")
SHORT = 20  # a table of at most this many rows is shown unfolded
SOURCES = [f"workflow/report/page.{kind}" for kind in ("html", "css", "js")]


def render(*, families, figures, tables, sliders, steps, claims, **facts):
    """Render the page as text; the same arguments and files give the same text.

    Parameters
    ----------
    families : list of contents.Family
    figures : dict of str to dict
        For each figure the paths ``png``, ``pdf`` and ``caption``, and ``tables``, the CSV files
        that it is drawn from. A caption is Markdown that starts with a bold sentence.
    tables : dict of str to path
        Markdown.
    sliders : dict of str to dict
        From `sliders`, by the name of the figure or table that they belong to.
    steps : dict of str to dict
        For the id of each family, the argument `steps` of `flowchart.draw`.
    claims : dict
        ``rule``, how verdicts are made; ``left_out``, claims by family that was not run; and
        ``claims``, each with id, short, statement, where, grade, verdict, why, gates, checks and
        agreement. Shown instead of the table ``claims``.
    **facts
        Further variables of the template; among them scale and digests.

    Returns
    -------
    str
    """
    shown = shown_figures(families, figures, sliders, facts["scale"], facts["digests"])
    verdicts = judged(claims, contents.figures_of_claims(families))
    chapters = [
        {
            **family._asdict(),
            "figures": [shown[name] for name in family.figures],
            "tables": [
                {**table(name, tables[name], title), "slider": sliders.get(name)}
                for name, title in family.tables.items()
                if name != "claims"
            ],
            "flow": flow(steps[family.id], family.title),
            "claims": verdicts if family.id == "claims" else None,
            "finding": finding(family, shown, verdicts["claims"]),
        }
        for family in families
    ]
    csvs = {Path(path).stem: path for entry in figures.values() for path in entry["tables"]}
    charts = runs.charts(csvs.values())
    return filled(
        chapters=chapters,
        verdicts=verdicts,
        opening=[shown[name] for name in contents.opening(shown)],
        csvs={name: text_of(path) for name, path in sorted(csvs.items())},
        charts=dict(sorted(charts.items())),
        **facts,
    )


def filled(**facts):
    """Fill the template, with its style and its script inline."""
    html, css, script = (text_of(paths.source(path)) for path in SOURCES)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    inline = {"css": Markup(css), "script": Markup(script)}
    return environment.from_string(html).render(**inline, **facts).rstrip() + "\n"


def shown_figures(families, figures, sliders, scale, digests):
    """What the template shows of all figures, by name; the arguments are those of `render`."""
    cited, code = citation.read(), digests["code"]["digest"]
    return {
        name: {
            **figure(name, figures[name], entry),
            "slider": sliders.get(name),
            "citation": cite(cited, name, contents.place(entry), scale, code),
        }
        for family in families
        for name, entry in family.figures.items()
    }


def judged(claims, figures):
    """Return what the template shows of the claims: counts by verdict, and rows of cells.

    Parameters
    ----------
    claims : dict
        As for `render`.
    figures : dict of str to str
        Name of the figure that shows what a claim is about, by the claim's id.
    """
    found = [
        {
            **claim,
            **headline(claim),
            "figure": figures.get(claim["id"]),
            "rows": [check_cells(check) for check in claim["checks"]],
            "compared": [agreement_cells(entry) for entry in claim["agreement"]],
            "number": claim_tables.deciding(claim),
        }
        for claim in claims["claims"]
    ]
    counts = {verdict: sum(c["verdict"] == verdict for c in found) for verdict in OUTCOMES}
    missing = claim_tables.describe_left_out(claims["left_out"])
    return {"rule": claims["rule"], "claims": found, "counts": counts, "missing": missing}


def headline(claim):
    """The quantity that decides a claim, its value, and what the claim says about it."""
    deciding = [check for check in claim["checks"] if check["decides"]]
    alike = [check for check in deciding if check["verdict"] == claim["verdict"]]
    check = (alike or deciding)[0]
    return {
        "quantity": check["quantity"],
        "unit": check["unit"],
        "value": describe_effect(check),
        "wanted": describe_rule(check["rule"]),
        "unmet": claim["why"] if claim["verdict"] == NOT_TESTABLE else "",
    }


def finding(family, figures, claims):
    """A family's finding, the figure that shows it, and how many of its claims are supported."""
    if not family.lead:
        return None
    own = [claim["verdict"] for claim in claims if claim["figure"] in family.figures]
    return {
        "text": figures[family.lead]["title"],
        "figure": family.lead,
        "supported": own.count(SUPPORTED),
        "claims": len(own),
    }


def cite(cited, name, place, scale, code):
    """A figure's entry for BibTeX, which names the scale, the code and the paper's figure."""
    notes = [f"Figure {name}, scale {scale}", f"code SHA-256 {code[:16]}"]
    notes += [f"counterpart in the paper (arXiv:2305.17493): {place}"] * bool(place)
    return citation.bibtex(cited, f"collapse-{name.replace('_', '-')}", "; ".join(notes))


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


def figure(name, given, entry):
    """Return what the template shows of a figure: inlined files, size, title, caption, place."""
    image = Path(given["png"]).read_bytes()
    width, height = struct.unpack(">II", image[16:24])
    pdf = Path(given["pdf"]).read_bytes()
    text = Path(given["caption"]).read_text(encoding="utf-8").strip()
    title, _, rest = text.removeprefix("**").partition("**")
    return {
        "name": name,
        "title": " ".join(title.split()).rstrip(".: "),
        "caption": Markup(MARKDOWN.render(rest.strip())),
        "alt": entry["alt"],
        "place": contents.place(entry),
        "source": data_url("image/png", image),
        "width": width,
        "height": height,
        "pdf": data_url("application/pdf", pdf),
        "pdf_size": f"{len(pdf) / 1e6:.1f} MB",
        "csvs": [Path(path).stem for path in given["tables"]],
    }


def data_url(kind, content):
    """Inline a file."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


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


def text_of(path):
    """Text of a file."""
    return Path(path).read_text(encoding="utf-8")


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
