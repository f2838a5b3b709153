"""Measure how well an n-gram model of all the text that a run has seen predicts the test text."""

from collapse.lm import ngram, text_blocks
from pipeline import files, weights
from pipeline.job import job
from sources import corpora

with job(snakemake):
    settings, given = snakemake.params.settings, snakemake.input
    tokenizer, model = weights.load_tokenizer(given.tokenizer), files.read_json(given.config)
    real = files.read_arrays(given.real)
    texts = [real["blocks"]]
    if given.seen:
        start = model["bos_token_id"] if settings["line_start"] else None
        lines = corpora.read_lines(given.seen)
        texts += [text_blocks.cut(tokenizer, lines, start=start, **settings["cut"])[0]]
    fitted = ngram.fit(texts, model["vocab_size"])
    files.write_arrays(snakemake.output[0], ngram_loss=ngram.block_losses(fitted, real["test"]))
