"""Look for each meaning of collapse in every family and regime."""

from collapse.claims import profile, run_values
from pipeline import files, reference, results
from pipeline.job import job

with job(snakemake):
    given, params = dict(snakemake.input.items()), dict(snakemake.params.items())
    found = profile.validate(reference.profile(), reference.PROFILE)
    runs = run_values.collect(results.of_all_families(given, params), params)
    cells = profile.measure(found, runs, reference.gates(), params["facts"])
    files.write_table(snakemake.output.csv, profile.table(cells))
    page = profile.page(found, cells, snakemake.wildcards.scale)
    files.write_text(snakemake.output.md, page)
