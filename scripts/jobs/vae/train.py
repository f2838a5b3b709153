"""Train model(g) on data(g), and draw samples(g) from it."""

from collapse.neural import torch_tools
from collapse.process import generations, seeds
from collapse.vae import vae
from pipeline import devices, files, weights
from pipeline.job import job

with job(snakemake):
    params, settings = snakemake.params, snakemake.params.settings
    device = devices.prepare(settings["device"])
    data = teacher = None
    if path := snakemake.input.get("teacher"):
        teacher = weights.load(path, vae.VAE(**settings["architecture"])).to(device)
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
    weights.save(snakemake.output.model, model)
    files.write_arrays(snakemake.output.samples, images=samples)
    files.write_json(snakemake.output.metrics, {"loss_per_epoch": losses})
