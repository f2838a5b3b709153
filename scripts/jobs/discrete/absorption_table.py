"""Tabulate how discrete chains lose their states and where they end, with the exact laws."""

import pandas as pd
from collapse.discrete import summary
from pipeline import files
from pipeline.job import job

with job(snakemake):
    params, generations, ends, presence = snakemake.params, [], [], []
    for name, path in zip(params.distributions, snakemake.input.chains, strict=True):
        arrays = files.read_arrays(path)
        for size in params.sizes:
            observed = {
                key.removesuffix(f"_{size}"): values
                for key, values in arrays.items()
                if key.endswith(f"_{size}")
            }
            setting = {"distribution": name, "size": size}
            table = summary.by_generation(observed, arrays["true"], size)
            generations.append(pd.DataFrame({**setting, **table}))
            table = summary.absorbed(observed, arrays["true"])
            ends.append(pd.DataFrame({**setting, **table}))
            table = summary.presence(observed, arrays["true"], size)
            presence.append(pd.DataFrame({**setting, **table}))
    whole, ends = pd.concat(generations), pd.concat(ends)
    files.write_table(snakemake.output.csv, whole)
    decades = whole["generation"].isin([0, 1, 10, 100, 1000, 10000])
    files.write_markdown(snakemake.output.md, whole[decades])
    files.write_table(snakemake.output.ends_csv, ends)
    files.write_markdown(snakemake.output.ends_md, ends)
    files.write_table(snakemake.output.presence, pd.concat(presence))
