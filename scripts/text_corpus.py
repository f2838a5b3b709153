"""Obtain a text corpus, check it, and split it."""

from pathlib import Path

from collapse import corpora
from collapse.jobs import job

with job(snakemake):
    splits = corpora.obtain(snakemake.wildcards.corpus, path=snakemake.params.path)
    corpora.write(Path(snakemake.output.train).parent, splits)
    for name, text in splits.items():
        print(f"{name}: {len(text.splitlines()):,} lines, {len(text.split()):,} words")
