"""Tabulate what kernel ridge regression leaves of a function, by direction, with the law."""

import pandas as pd
from collapse.approximation import kernel_ridge
from collapse.process import summaries
from collapse.process.regimes import FullRegime
from pipeline import files
from pipeline.job import job

with job(snakemake):
    at, shares, functions = snakemake.params.settings, [], []
    arrays = files.read_arrays(snakemake.input.chains)
    shown, eigenvalues = at["generations"], arrays["eigenvalues"]
    chain = {"ridge": at["ridge"], "last_generation": max(shown)}
    for position, (name, mix) in enumerate(at["regimes"].items()):
        law = kernel_ridge.expected_shares(FullRegime(**mix), eigenvalues, at["inputs"], **chain)
        for of_shown, generation in enumerate(shown):
            place = {"regime": name, "generation": generation}
            over_runs = arrays["shares"][position, :, of_shown], law[generation]
            shares.append(pd.DataFrame(place | kernel_ridge.by_direction(eigenvalues, *over_runs)))
            mean, low, high = summaries.band(arrays["predictions"][position, :, of_shown])
            values = {"truth": arrays["truth"], "median": mean, "q05": low, "q95": high}
            functions.append(pd.DataFrame(place | {"x": arrays["x"]} | values))
    whole = pd.concat(shares)
    files.write_table(snakemake.output.csv, whole)
    files.write_markdown(snakemake.output.md, whole[whole["generation"] == max(shown)])
    files.write_table(snakemake.output.functions, pd.concat(functions))
