"""Tabulate repetition and lost vocabulary in the text of every generation, over runs."""

import numpy as np
import pandas as pd
from collapse.lm import summary
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings = snakemake.params.settings
    runs = [files.read_json(path) for path in snakemake.input.runs]
    table = pd.concat(
        summary.texts(list(of_setting)).assign(setting=setting)
        for setting, of_setting in zip(settings, np.reshape(runs, (len(settings), -1)), strict=True)
    )
    files.write_table(snakemake.output.csv, table)
    files.write_markdown(snakemake.output.md, table)
