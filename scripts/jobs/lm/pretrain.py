"""Train a tokenizer and a small language model from scratch."""

from collapse.lm import language_model, text_blocks
from collapse.process import seeds
from pipeline import devices, files, weights
from pipeline.job import job
from sources import corpora

with job(snakemake):
    settings, seed, output = snakemake.params.settings, snakemake.params.seed, snakemake.output
    device = devices.prepare(settings["device"])
    texts = [corpora.read_lines(path) for path in snakemake.input.corpus]
    tokenizer = text_blocks.train_tokenizer(texts[0], settings["vocabulary"])
    weights_seed = seeds.seed(seed, "weights")
    model = language_model.build(
        settings["architecture"], settings["vocabulary"], device, seed=weights_seed
    )
    start = model.config.bos_token_id if settings["line_start"] else None
    data, validation = (
        found[text_blocks.spaced(len(found), count)]
        for found, count in (
            (text_blocks.cut(tokenizer, lines, start=start, **settings["cut"])[0], count)
            for lines, count in zip(texts, settings["blocks"], strict=True)
        )
    )
    history = language_model.fine_tune(model, data, validation, settings, seed=seed)
    files.write_text(output.tokenizer, tokenizer.to_str())
    files.write_json(output.config, language_model.configuration(model))
    weights.save(output.model, model)
    files.write_json(output.metrics, {"epochs": history, "blocks": len(data)})
