"""Fine-tune model(g) on data(g), measure it, and continue every prompt with it: samples(g)."""

import math

from collapse.lm import generation, language_model
from collapse.process import generations
from pipeline import devices, files, weights
from pipeline.job import job

with job(snakemake):
    params, given, output = snakemake.params, snakemake.input, snakemake.output
    settings = dict(params.settings)
    if isinstance(settings["learning_rate"], list):
        settings["learning_rate"] = files.read_json(given.rate)["chosen"]
    device = devices.prepare(settings["device"])
    real = files.read_arrays(given.real)
    mix = generations.composition(
        generations.Regime(**params.regime),
        int(snakemake.wildcards.get("generation", 0)),
        len(real["blocks"]),
        seed=params.mix_seed,
    )
    data = generations.assemble([files.read_arrays(path)["blocks"] for path in given.sources], *mix)
    if settings["patience"]:  # in passes over as many blocks as data(0) has
        settings["patience"] = math.ceil(settings["patience"] * len(real["blocks"]) / len(data))
    model = language_model.from_configuration(files.read_json(given.config))
    model = language_model.place(weights.load(given.start, model), device)
    history = language_model.fine_tune(
        model,
        data,
        real["validation"],
        settings,
        seed=params.seed,
        n_steps=language_model.steps_of(len(real["blocks"]), settings),
    )
    # measured here, so that no later job has to load the model for it
    losses = language_model.block_losses(model, real["test"], settings)
    if output.get("samples"):
        prompts = data if params.prompts == "previous" else real["blocks"]
        samples = generation.continue_blocks(model, prompts, settings, seed=params.sampling_seed)
        files.write_arrays(output.samples, blocks=samples)
    weights.save(output.model, model)
    files.write_arrays(output.losses, test=losses)
    files.write_json(output.metrics, {"epochs": history, "blocks": len(data)})
