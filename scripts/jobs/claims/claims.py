"""Judge every claim of a file: verdict, effect, interval, gates, and negative control."""

from collapse.claims import claims, records, run_values, tables
from pipeline import files, reference, results
from pipeline.job import job

with job(snakemake):
    given, params = dict(snakemake.input.items()), dict(snakemake.params.items())
    gates = reference.gates()
    found = records.validate(reference.claims(params["claims"]), params["claims"], gates)
    runs = run_values.collect(results.of_all_families(given, params), params)
    judged = claims.judge(found, runs, params["facts"], gates)
    judged = claims.compare(judged, reference.published())
    missing = claims.left_out(found, runs)
    files.write_table(snakemake.output.csv, tables.table(judged))
    files.write_text(snakemake.output.md, tables.page(judged, snakemake.wildcards.scale, missing))
    if path := snakemake.output.get("json"):
        files.write_json(path, {"rule": claims.RULE, "claims": judged, "left_out": missing})
