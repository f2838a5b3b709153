"""Choose the learning rate with which generation 0 does best on validation text."""

from pipeline import files
from pipeline.job import job

with job(snakemake):
    trials = [files.read_json(path) for path in snakemake.input]
    best = {
        trial["learning_rate"]: min(epoch["validation_perplexity"] for epoch in trial["epochs"])
        for trial in trials
    }
    choice = {"chosen": min(best, key=best.get), "validation_perplexity": best}
    files.write_json(snakemake.output[0], choice)
