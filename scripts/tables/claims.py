"""The verdict on every claim of the paper, with effect, interval and negative control."""

from collapse import claims, files, reference, run_values
from collapse.jobs import job

with job(snakemake):
    given, params = dict(snakemake.input.items()), dict(snakemake.params.items())
    runs = run_values.read(given, params)
    judged = claims.judge(claims.read(given["claims"]), runs, params["facts"])
    judged = claims.compare(judged, reference.values(given["published"]))
    files.write_table(snakemake.output.csv, claims.table(judged))
    files.write_text(snakemake.output.md, claims.to_read(judged, snakemake.wildcards.scale))
    files.write_json(snakemake.output.json, {"rule": claims.RULE, "claims": judged})
