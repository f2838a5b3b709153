"""Put all figures and tables on one page, with what they were made from."""

from pathlib import Path

from pipeline import files, hashes
from pipeline.job import job
from report import contents, page, sliders

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    figures = {
        Path(png).stem: {"png": png, "pdf": pdf, "caption": caption}
        | {"tables": params.drawn_from[Path(png).stem]}
        for png, pdf, caption in zip(given.figures, given.pdfs, given.captions, strict=True)
    }
    tables = {Path(path).stem: path for path in given.tables}
    made_with = {
        "code": hashes.combined([params.sources, params.code]),
        "settings": params.settings,
        "data": page.data_digests(params.data, given.sums),
    }
    text = page.render(
        families=contents.read(figures, tables),
        figures=figures,
        tables=tables,
        sliders={
            **sliders.images("vae_samples", given.get("grids", []), **params.grids),
            **sliders.texts("lm_examples", given.get("examples")),
        },
        claims=files.read_json(given.claims),
        steps=params.steps,
        digests={kind: page.listing(digests) for kind, digests in made_with.items()},
        versions=page.versions(made_with["code"]),
        scale=snakemake.wildcards.scale,
        seed=params.seed,
    )
    files.write_text(snakemake.output[0], text)
