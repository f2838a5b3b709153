"""Import a pretrained language model from the hub, a folder or a package."""

from collapse.lm import language_model
from pipeline import files, weights
from pipeline.job import job
from sources import base_models

with job(snakemake):
    settings = snakemake.params.settings
    model, tokenizer = base_models.obtain(settings["model"], revision=settings["revision"])
    files.write_text(snakemake.output.tokenizer, tokenizer.to_str())
    files.write_json(snakemake.output.config, language_model.configuration(model))
    weights.save(snakemake.output.model, model)
    files.write_json(snakemake.output.metrics, {"parameters": model.num_parameters()})
