"""Tabulate the replace chain with a growing number of samples against its closed forms."""

import itertools

import pandas as pd
from collapse import theory
from collapse.gaussian import comparison, growing
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings, tables = snakemake.params.settings, []
    arrays, size = files.read_arrays(snakemake.input.chains), settings["size"]
    names = [name for name in arrays if name.startswith(("wasserstein", "log_variance"))]
    grid = itertools.product(settings["ddof"], settings["noise"], settings["powers"])
    for position, (ddof, noise, power) in enumerate(grid):
        sizes = theory.growing_sizes(size, power, settings["last_generation"] + 1)
        at = {"ddof": ddof, "noise": noise}
        measured = {name: arrays[name][position] for name in names}
        table = growing.against_theory(measured, sizes, **at, generations=arrays["shown"])
        limit = growing.limit(size, power, **at)
        distances = arrays["means"][position] ** 2 + (arrays["stds"][position] - 1) ** 2
        over_runs = pd.DataFrame(comparison.quantiles(distances), index=arrays["generations"])
        table = table.join(over_runs.add_prefix("wasserstein"), on="generation")
        tables.append(pd.DataFrame({**at, "power": power, **table, "limit": limit}))
    whole = pd.concat(tables)
    files.write_table(snakemake.output.csv, whole)
    kept = whole["generation"].isin(arrays["generations"])
    shown = whole[kept].filter(regex=r"(?<!_median)(?<!_q05)(?<!_q95)$")  # fit on a page
    files.write_markdown(snakemake.output.md, shown)
