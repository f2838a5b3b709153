"""1-D Gaussian: fit a normal distribution, sample from it, fit again. A job runs a block of generations."""

GAUSSIAN = config["gaussian"]
TRUTH = {name: GAUSSIAN[name] for name in ("mean", "std")}
GAUSSIAN_ESTIMATION = TRUTH | GAUSSIAN["estimation"]
GAUSSIAN_GROWING = GAUSSIAN["growing"] | {"ddof": GAUSSIAN["ddof"]}
GAUSSIAN_TABLES = {
    "truth": TRUTH,
    "grid": layout.gaussian_grid,
    **{name: GAUSSIAN[name] for name in ("runs", "last_generation")},
}


rule gaussian_real:
    """data(0): real samples for a batch of runs."""
    output:
        "results/{scale}/gaussian/samples/real/size{size}/batch{batch}.npz",
    log:
        "logs/{scale}/gaussian/samples/real/size{size}/batch{batch}.log",
    group:
        chain_group("gaussian")
    params:
        settings=TRUTH | {"runs": GAUSSIAN["runs_per_job"]},
        seed=seed_of("gaussian", "real"),
        code=code_of("gaussian/real.py"),
    script:
        "../../scripts/jobs/gaussian/real.py"


rule gaussian_chain:
    """model(0) … model(g) of a batch of runs, from where the job before stopped."""
    input:
        real="results/{scale}/gaussian/samples/real/size{size}/batch{batch}.npz",
        start=layout.gaussian_start,
    output:
        "results/{scale}/gaussian/models/{regime}/ddof{ddof}/size{size}/batch{batch}/gen{generation}.npz",
    log:
        "logs/{scale}/gaussian/models/{regime}/ddof{ddof}/size{size}/batch{batch}/gen{generation}.log",
    group:
        chain_group("gaussian")
    resources:
        **needs("gaussian_chain"),
    params:
        truth=TRUTH,
        regime=lambda w: config["regimes"][w.regime],
        seed=seed_of("gaussian", "chain", without=("generation",)),
        code=code_of("gaussian/chain.py"),
    script:
        "../../scripts/jobs/gaussian/chain.py"


rule gaussian_estimation:
    """Errors of one fit to n real points, repeated, for each n."""
    output:
        "results/{scale}/gaussian/metrics/estimation.npz",
    log:
        "logs/{scale}/gaussian/metrics/estimation.log",
    resources:
        **needs("gaussian_estimation"),
    params:
        settings=GAUSSIAN_ESTIMATION,
        seed=seed_of("gaussian", "estimation"),
        code=code_of("gaussian/estimation.py"),
    script:
        "../../scripts/jobs/gaussian/estimation.py"


rule gaussian_history:
    """What tables and claims read of a regime's chains: some generations of all, all of some."""
    input:
        chains=layout.gaussian_chains,
    output:
        "results/{scale}/gaussian/metrics/history_{regime}.npz",
    log:
        "logs/{scale}/gaussian/metrics/history_{regime}.log",
    params:
        generations=GAUSSIAN["history"]["generations"],
        grid=layout.gaussian_grid,
        every=layout.gaussian_every,
        code=code_of("gaussian/history.py"),
    script:
        "../../scripts/jobs/gaussian/history.py"


rule gaussian_errors:
    """Errors of the fitted mean and standard deviation against generation, over runs."""
    input:
        history="results/{scale}/gaussian/metrics/history_{regime}.npz",
    output:
        "results/{scale}/tables/gaussian_errors_{regime}.csv",
    log:
        "logs/{scale}/tables/gaussian_errors_{regime}.log",
    params:
        **GAUSSIAN_TABLES,
        mix=lambda w: config["regimes"][w.regime],
        code=code_of("gaussian/errors_table.py"),
    script:
        "../../scripts/jobs/gaussian/errors_table.py"


rule gaussian_steps:
    """Distance of each generation's model from the one before, over runs."""
    input:
        history="results/{scale}/gaussian/metrics/history_{regime}.npz",
    output:
        "results/{scale}/tables/gaussian_steps_{regime}.csv",
    log:
        "logs/{scale}/tables/gaussian_steps_{regime}.log",
    params:
        **GAUSSIAN_TABLES,
        every=layout.gaussian_every,
        code=code_of("gaussian/steps_table.py"),
    script:
        "../../scripts/jobs/gaussian/steps_table.py"


rule gaussian_theory:
    """The replace chain compared with its closed forms."""
    input:
        history="results/{scale}/gaussian/metrics/history_replace.npz",
    output:
        multiext("results/{scale}/tables/gaussian_theory", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/gaussian_theory.log",
    params:
        **GAUSSIAN_TABLES,
        code=code_of("gaussian/theory_table.py"),
    script:
        "../../scripts/jobs/gaussian/theory_table.py"


rule gaussian_growing_chains:
    """The replace chain with a growing number of samples, with and without noise."""
    output:
        "results/{scale}/gaussian/metrics/growing.npz",
    log:
        "logs/{scale}/gaussian/metrics/growing.log",
    params:
        settings=GAUSSIAN_GROWING,
        seed=seed_of("gaussian", "growing"),
        code=code_of("gaussian/growing.py"),
    script:
        "../../scripts/jobs/gaussian/growing.py"


rule gaussian_growing_table:
    """The same against its closed forms."""
    input:
        chains=rules.gaussian_growing_chains.output[0],
    output:
        multiext("results/{scale}/tables/gaussian_growing", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/gaussian_growing.log",
    params:
        settings=GAUSSIAN_GROWING,
        code=code_of("gaussian/growing_table.py"),
    script:
        "../../scripts/jobs/gaussian/growing_table.py"


rule gaussian_estimation_errors:
    """Error of one fit to n real points, over repeats."""
    input:
        errors=rules.gaussian_estimation.output[0],
    output:
        "results/{scale}/tables/gaussian_estimation.csv",
    log:
        "logs/{scale}/tables/gaussian_estimation.log",
    params:
        **GAUSSIAN_ESTIMATION,
        code=code_of("gaussian/estimation_table.py"),
    script:
        "../../scripts/jobs/gaussian/estimation_table.py"


rule gaussian_estimation_figure:
    """Error of one fit to n real points against n."""
    input:
        table="results/{scale}/tables/gaussian_estimation.csv",
    output:
        figure("results/{scale}/figures/gaussian_estimation"),
    log:
        "logs/{scale}/figures/gaussian_estimation.log",
    params:
        **GAUSSIAN_ESTIMATION,
        code=code_of("gaussian/estimation_figure.py", "workflow/report/gaussian_estimation.md"),
    script:
        "../../scripts/jobs/gaussian/estimation_figure.py"


rule gaussian_replace:
    """Drift of the fitted mean and loss of spread without real data, against the law of the chain."""
    input:
        table="results/{scale}/tables/gaussian_errors_replace.csv",
    output:
        figure("results/{scale}/figures/gaussian_replace"),
    log:
        "logs/{scale}/figures/gaussian_replace.log",
    params:
        **GAUSSIAN_TABLES,
        code=code_of(
            "gaussian/replace_figure.py",
            "reference/published_values.csv",
            "workflow/report/gaussian_replace.md",
        ),
    script:
        "../../scripts/jobs/gaussian/replace_figure.py"


rule gaussian_regimes:
    """Errors of the fitted mean and spread, and steps between generations, under all regimes."""
    input:
        errors=expand(
            "results/{{scale}}/tables/gaussian_errors_{regime}.csv", regime=GAUSSIAN["regimes"]
        ),
        steps=expand(
            "results/{{scale}}/tables/gaussian_steps_{regime}.csv", regime=GAUSSIAN["regimes"]
        ),
    output:
        figure("results/{scale}/figures/gaussian_regimes"),
    log:
        "logs/{scale}/figures/gaussian_regimes.log",
    params:
        **GAUSSIAN_TABLES,
        mixes={name: config["regimes"][name] for name in GAUSSIAN["regimes"]},
        code=code_of("gaussian/regimes_figure.py", "workflow/report/gaussian_regimes.md"),
    script:
        "../../scripts/jobs/gaussian/regimes_figure.py"


rule gaussian_wasserstein:
    """Wasserstein distance, variance and log variance of the replace chain against their closed forms."""
    input:
        table="results/{scale}/tables/gaussian_theory.csv",
    output:
        figure("results/{scale}/figures/gaussian_wasserstein"),
    log:
        "logs/{scale}/figures/gaussian_wasserstein.log",
    params:
        **GAUSSIAN_TABLES,
        code=code_of("gaussian/wasserstein_figure.py", "workflow/report/gaussian_wasserstein.md"),
    script:
        "../../scripts/jobs/gaussian/wasserstein_figure.py"


rule gaussian_growing:
    """Distance of the replace chain to the truth where the number of samples grows."""
    input:
        table="results/{scale}/tables/gaussian_growing.csv",
    output:
        figure("results/{scale}/figures/gaussian_growing"),
    log:
        "logs/{scale}/figures/gaussian_growing.log",
    params:
        **GAUSSIAN_GROWING,
        code=code_of("gaussian/growing_figure.py", "workflow/report/gaussian_growing.md"),
    script:
        "../../scripts/jobs/gaussian/growing_figure.py"


rule gaussian:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("gaussian"),
