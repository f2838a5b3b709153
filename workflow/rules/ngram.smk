"""n-gram models of words: count the n-grams of a text, draw a text, count again. A job for each run."""

NGRAM = {name: value for name, value in config["ngram"].items() if name != "runs"} | {
    "regimes": {name: config["regimes"][name] for name in config["ngram"]["regimes"]}
}


rule ngram_chains:
    """All chains of one run: number of n-grams, entropy, and the share of real n-grams left."""
    input:
        text=f"data/text/{NGRAM['corpus']}/train.txt",
    output:
        "results/{scale}/ngram/metrics/run{run}.npz",
    log:
        "logs/{scale}/ngram/metrics/run{run}.log",
    params:
        settings=NGRAM,
        seed=seed_of("ngram", "chain"),
        code=code_of("ngram/chains.py"),
    script:
        "../../scripts/jobs/ngram/chains.py"


rule ngram_generations:
    """What generations of n-gram models leave, over runs."""
    input:
        chains=expand(
            "results/{{scale}}/ngram/metrics/run{run:02d}.npz",
            run=range(config["ngram"]["runs"]),
        ),
    output:
        multiext("results/{scale}/tables/ngram_generations", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/ngram_generations.log",
    params:
        settings=NGRAM,
        code=code_of("ngram/generations_table.py"),
    script:
        "../../scripts/jobs/ngram/generations_table.py"


rule ngram_collapse:
    """What drift and selection take from the n-grams of a text."""
    input:
        table="results/{scale}/tables/ngram_generations.csv",
    output:
        figure("results/{scale}/figures/ngram_collapse"),
    log:
        "logs/{scale}/figures/ngram_collapse.log",
    params:
        **NGRAM,
        runs=config["ngram"]["runs"],
        code=code_of("ngram/collapse_figure.py", "workflow/report/ngram_collapse.md"),
    script:
        "../../scripts/jobs/ngram/collapse_figure.py"


rule ngram:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("ngram"),
