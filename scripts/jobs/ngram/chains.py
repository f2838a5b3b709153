"""Run the chains of n-gram models of one run."""

from pathlib import Path

from collapse.discrete import discrete
from collapse.ngram import ngram, summary
from pipeline import files
from pipeline.job import job

with job(snakemake):
    settings, run = snakemake.params.settings, int(snakemake.wildcards.run)
    words = discrete.words(Path(snakemake.input.text).read_text(encoding="utf-8"))
    place = {"run": run, "corpus": settings["corpus"]}
    text, vocabulary = ngram.passage(words, max(settings["sizes"]), **place)
    measured = summary.measure(text, vocabulary, settings, seed=snakemake.params.seed)
    files.write_arrays(snakemake.output[0], **measured)
