"""What all rules share: paths, seeds, fingerprints of code, resources, and figures' files."""

from pipeline.layout import Layout, previous
from pipeline.rules import Helpers
from report import contents
from report.provenance import Provenance

SCALE = config["scale"]
layout = Layout(config)
helpers = Helpers(config)
code_of, needs = helpers.code_of, helpers.needs
seed_of, seeds_of = helpers.seed_of, helpers.seeds_of
chain_group, cpu_group = helpers.chain_group, helpers.cpu_group
FAMILIES = start.checked(contents.read, layout.figure_names(), layout.table_names())
provenance = Provenance(workflow, FAMILIES, layout.figures(), layout.tables(), SCALE)


wildcard_constraints:
    **helpers.constraints(),


def figure(prefix):
    """A figure's files: PNG, which Snakemake's own report shows, PDF and caption."""
    png, pdf, caption = multiext(prefix, png=".png", pdf=".pdf", caption=".md")
    return [report(png, **IN_REPORT), pdf, caption]


IN_REPORT = {
    "caption": "../report/caption.rst",
    "category": lambda w, output: contents.family_of(FAMILIES, output.png).title,
    "labels": lambda w, output: contents.labels(FAMILIES, output.png),
}
