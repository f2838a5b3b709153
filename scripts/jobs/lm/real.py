"""Cut real text into blocks: a run's data(0), and the validation and test sets of all runs."""

import numpy as np
from collapse.lm import text_blocks
from pipeline import files, weights
from pipeline.job import job
from sources import corpora

with job(snakemake):
    settings, given = snakemake.params.settings, snakemake.input
    tokenizer = weights.load_tokenizer(given.tokenizer)
    start = text_blocks.start_token(
        files.read_json(given.config),
        length=settings["cut"]["length"],
        line_start=settings["line_start"],
    )
    found, chosen, documents = {}, {}, {}
    for split in corpora.SPLITS:
        what, count = given[split], settings["blocks"][split]
        found[split], first_lines = text_blocks.cut(
            tokenizer, corpora.read_lines(what), start=start, what=what, **settings["cut"]
        )
        if split == "train":
            run = int(snakemake.wildcards.run)
            chosen[split] = text_blocks.drawn(
                len(found[split]), count, run=run, seed=snakemake.params.seed, what=what
            )
        else:
            chosen[split] = text_blocks.spaced(len(found[split]), count, what=what)
        owners = np.array(corpora.line_documents(given.documents, split))
        documents[split] = owners[first_lines[chosen[split]]]
        print(f"{what}: {len(chosen[split]):,} of {len(found[split]):,} blocks")
    files.write_arrays(
        snakemake.output[0],
        blocks=found["train"][chosen["train"]],  # training blocks get the same name as samples
        validation=found["validation"][chosen["validation"]],
        test=found["test"][chosen["test"]],
        # (test blocks,): the document in which each test block starts
        test_documents=documents["test"],
    )
