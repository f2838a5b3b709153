"""Fine-tune on data(0) with one learning rate, and measure the loss on validation text."""

from collapse.lm import language_model
from pipeline import devices, files, weights
from pipeline.job import job

with job(snakemake):
    given, rate = snakemake.input, float(snakemake.wildcards.rate)
    settings = snakemake.params.settings | {"learning_rate": rate}
    device = devices.prepare(settings["device"])
    real = files.read_arrays(given.real)
    model = language_model.from_configuration(files.read_json(given.config))
    model = language_model.place(weights.load(given.start, model), device)
    history = language_model.fine_tune(
        model, real["blocks"], real["validation"], settings, seed=snakemake.params.seed
    )
    files.write_json(snakemake.output[0], {"learning_rate": rate, "epochs": history})
