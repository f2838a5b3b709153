"""Cut real text into blocks: data(0), validation set and test set."""

from collapse.lm import text_blocks
from pipeline import files, weights
from pipeline.job import job
from sources import corpora

with job(snakemake):
    settings, blocks = snakemake.params.settings, {}
    tokenizer = weights.load_tokenizer(snakemake.input.tokenizer)
    model = files.read_json(snakemake.input.config)
    start = text_blocks.start_token(
        model, length=settings["cut"]["length"], line_start=settings["line_start"]
    )
    # training blocks get the same name as samples
    for name, path in zip(("blocks", "validation", "test"), snakemake.input.corpus, strict=True):
        count = settings["blocks"]["train" if name == "blocks" else name]
        lines = corpora.read_lines(path)
        blocks[name] = text_blocks.cut(
            tokenizer, lines, start=start, count=count, what=path, **settings["cut"]
        )
        print(f"{path}: {len(blocks[name]):,} blocks")
    files.write_arrays(snakemake.output[0], **blocks)
