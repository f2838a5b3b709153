"""Obtain a text corpus, verify it, and split it."""

from pathlib import Path

from sources import corpora
from pipeline.job import job

with job(snakemake):
    splits = corpora.obtain(snakemake.wildcards.corpus, path=snakemake.params.path)
    corpora.write(Path(snakemake.output.train).parent, splits)
    for name, (text, documents) in splits.items():
        counts = f"{len(text.splitlines()):,} lines, {len(text.split()):,} words"
        print(f"{name}: {len(documents):,} documents, {counts}")
