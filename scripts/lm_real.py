"""Cut the real text into blocks: data(0), validation and test."""

from collapse import corpora, files, text_blocks
from collapse.jobs import job

with job(snakemake):
    settings, blocks = snakemake.params.settings, {}
    tokenizer = text_blocks.load_tokenizer(snakemake.input.tokenizer)
    model = files.read_json(snakemake.input.config)
    start = text_blocks.start_token(
        model, length=settings["cut"]["length"], line_start=settings["line_start"]
    )
    # the training blocks have the name that samples have
    for name, path in zip(("blocks", "validation", "test"), snakemake.input.corpus, strict=True):
        count = settings["blocks"]["train" if name == "blocks" else name]
        lines = corpora.read_lines(path)
        blocks[name] = text_blocks.cut(
            tokenizer, lines, start=start, count=count, what=path, **settings["cut"]
        )
        print(f"{path}: {len(blocks[name]):,} blocks")
    files.write_arrays(snakemake.output[0], **blocks)
