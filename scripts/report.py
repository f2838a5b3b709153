"""Put all figures and tables on one page, with what they were made from."""

from pathlib import Path

from collapse import checksums, contents, files, page
from collapse.jobs import job

with job(snakemake):
    given, settings = snakemake.input, f"results/{snakemake.wildcards.scale}/settings/"
    figures, tables = ([Path(path).stem for path in given[kind]] for kind in ("figures", "tables"))
    kinds = {"code": [], "settings": [], "data": snakemake.params.data}
    for path in sorted({*given.rules, *given.sources, *given.code}):
        kinds["settings" if path.startswith(settings) else "code"].append(path)
    known = dict(pair for path in given.sums for pair in checksums.read(path).items())
    text = page.render(
        given.template,
        families=contents.read(given.contents, figures=figures, tables=tables),
        figures=dict(zip(figures, zip(given.figures, given.captions, strict=True), strict=True)),
        tables=dict(zip(tables, given.tables, strict=True)),
        claims=next(map(files.read_json, given.claims), None),
        steps=snakemake.params.steps,
        digests={kind: page.digests(paths, known=known) for kind, paths in kinds.items()},
        versions=page.versions(kinds["code"]),
        scale=snakemake.wildcards.scale,
        seed=snakemake.params.seed,
    )
    files.write_text(snakemake.output[0], text)
