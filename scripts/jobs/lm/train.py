"""Fine-tune model(g) on data(g), and continue every prompt with it: samples(g)."""

from collapse.lm import language_model
from collapse.process import generations
from pipeline import devices, files, weights
from pipeline.job import job

with job(snakemake):
    params, settings, given = snakemake.params, snakemake.params.settings, snakemake.input
    device = devices.prepare(settings["device"])
    real = files.read_arrays(given.real)
    mix = generations.composition(
        generations.Regime(**params.regime),
        int(snakemake.wildcards.get("generation", 0)),
        len(real["blocks"]),
        seed=params.mix_seed,
    )
    data = generations.assemble([files.read_arrays(path)["blocks"] for path in given.sources], *mix)
    model = language_model.from_configuration(files.read_json(given.config))
    model = language_model.place(weights.load(given.start, model), device)
    history = language_model.fine_tune(model, data, real["validation"], settings, seed=params.seed)
    prompts = data if params.prompts == "previous" else real["blocks"]
    # evaluated here, so that no later job has to load the model for it
    test = language_model.token_losses(model, real["test"], settings)
    samples = language_model.continue_blocks(model, prompts, settings)
    weights.save(snakemake.output.model, model)
    files.write_arrays(snakemake.output.samples, blocks=samples)
    files.write_json(
        snakemake.output.metrics,
        {"epochs": history, "blocks": len(data), "test": language_model.perplexities(test)},
    )
