"""Train model(g) on data(g) and draw samples(g) from it."""

from collapse import files, generations, seeds, torch_tools, vae
from collapse.jobs import job

with job(snakemake):
    params, settings = snakemake.params, snakemake.params.settings
    device = torch_tools.prepare(settings["device"])
    data = teacher = None
    if path := snakemake.input.get("teacher"):
        teacher = vae.load(path, settings["architecture"], device)
    else:
        mix = generations.composition(
            generations.Regime(**params.regime),
            int(snakemake.wildcards.get("generation", 0)),
            settings["images"],
            seed=params.mix_seed,
        )
        arrays = [files.read_arrays(path)["images"] for path in snakemake.input.sources]
        data = generations.assemble(arrays, *mix)
    model, losses = vae.new_generation(
        settings, data=data, teacher=teacher, device=device, seed=params.seed
    )
    rng = torch_tools.generator(seeds.seed(params.seed, "samples"), device)
    samples = vae.sample(model, settings["images"], rng=rng).numpy()
    torch_tools.save_model(snakemake.output.model, model)
    files.write_arrays(snakemake.output.samples, images=samples)
    files.write_json(snakemake.output.metrics, {"loss_per_epoch": losses})
