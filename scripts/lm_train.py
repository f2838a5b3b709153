"""Fine-tune model(g) on data(g), and let it continue every prompt: samples(g)."""

from collapse import files, generations, language_model, torch_tools
from collapse.jobs import job

with job(snakemake):
    params, settings, given = snakemake.params, snakemake.params.settings, snakemake.input
    device = torch_tools.prepare(settings["device"])
    real = files.read_arrays(given.real)
    mix = generations.composition(
        generations.Regime(**params.regime),
        int(snakemake.wildcards.get("generation", 0)),
        len(real["blocks"]),
        seed=params.mix_seed,
    )
    data = generations.assemble([files.read_arrays(path)["blocks"] for path in given.sources], *mix)
    model = language_model.load(given.config, given.start, device)
    history = language_model.fine_tune(model, data, real["validation"], settings, seed=params.seed)
    prompts = data if params.prompts == "previous" else real["blocks"]
    # while the model is in memory: nobody needs its file for the real test set
    test = language_model.token_losses(model, real["test"], settings)
    samples = language_model.continue_blocks(model, prompts, settings)
    language_model.save(snakemake.output.model, model)
    files.write_arrays(snakemake.output.samples, blocks=samples)
    files.write_json(
        snakemake.output.metrics,
        {"epochs": history, "blocks": len(data), "test": language_model.perplexities(test)},
    )
