"""What repeats and what is lost in the text of every generation, over runs."""

import numpy as np
import pandas as pd
from collapse import files, lm_summary
from collapse.jobs import job

with job(snakemake):
    settings = snakemake.params.settings
    runs = [files.read_json(path) for path in snakemake.input.runs]
    table = pd.concat(
        lm_summary.texts(list(of_setting)).assign(setting=setting)
        for setting, of_setting in zip(settings, np.reshape(runs, (len(settings), -1)), strict=True)
    )
    files.write_table(snakemake.output.csv, table)
    files.write_markdown(snakemake.output.md, table)
