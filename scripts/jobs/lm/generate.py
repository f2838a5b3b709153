"""Continue every prompt with model(0): samples(0)."""

from collapse.lm import generation, language_model
from pipeline import devices, files, weights
from pipeline.job import job

with job(snakemake):
    settings, given = snakemake.params.settings, snakemake.input
    device = devices.prepare(settings["device"])
    model = language_model.from_configuration(files.read_json(given.config))
    model = language_model.place(weights.load(given.model, model), device).eval()
    prompts = files.read_arrays(given.real)["blocks"]
    samples = generation.continue_blocks(model, prompts, settings, seed=snakemake.params.seed)
    files.write_arrays(snakemake.output[0], blocks=samples)
