"""Tabulate one real block of text and its continuations by several generations."""

import pandas as pd
from collapse.lm import text_blocks
from pipeline import files, weights
from pipeline.job import job

with job(snakemake):
    params, prompt = snakemake.params, snakemake.params.prompt
    tokenizer = weights.load_tokenizer(snakemake.input.tokenizer)
    real = files.read_arrays(snakemake.input.real)["blocks"]
    rows = [("", "prompt", real[prompt])]
    names = [(s, f"generation {g}") for s, shown in params.settings.items() for g in shown]
    for (setting, name), path in zip(names, snakemake.input.samples, strict=True):
        rows.append((setting, name, files.read_arrays(path)["blocks"][prompt]))
    table = pd.DataFrame(
        [(s, name, text_blocks.as_text(tokenizer, block)) for s, name, block in rows],
        columns=["setting", "text", "content"],
    )
    files.write_table(snakemake.output.csv, table)
    texts = table["content"].map(files.literal)  # text may contain Markdown
    files.write_markdown(snakemake.output.md, table.assign(content=texts))
