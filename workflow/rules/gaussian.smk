"""1-D Gaussian: fit a normal distribution, sample from it, fit again. A job runs a block of generations."""

TRUTH = {"mean": GAUSSIAN["mean"], "std": GAUSSIAN["std"]}
GAUSSIAN_REAL = settings("gaussian_real", **TRUTH, runs=GAUSSIAN["runs_per_job"])
GAUSSIAN_ESTIMATION = settings("gaussian_estimation", **TRUTH, **GAUSSIAN["estimation"])


rule gaussian_real:
    """data(0): real samples for a batch of runs."""
    input:
        settings=GAUSSIAN_REAL.path,
        code=code_of("gaussian_real.py"),
    output:
        "results/{scale}/gaussian/samples/real/size{size}/batch{batch}.npz",
    log:
        "logs/{scale}/gaussian/samples/real/size{size}/batch{batch}.log",
    group:
        CHAINS["gaussian"]
    params:
        settings=GAUSSIAN_REAL.values,
        seed=seed_of("gaussian", "real"),
    script:
        "../../scripts/gaussian_real.py"


rule gaussian_chain:
    """model(0) … model(g) of a batch of runs, from where the job before stopped."""
    input:
        real="results/{scale}/gaussian/samples/real/size{size}/batch{batch}.npz",
        start=gaussian_start,
        regime=lambda w: REGIMES[w.regime].path,
        code=code_of("gaussian_chain.py"),
    output:
        "results/{scale}/gaussian/models/{regime}/ddof{ddof}/size{size}/batch{batch}/gen{generation}.npz",
    log:
        "logs/{scale}/gaussian/models/{regime}/ddof{ddof}/size{size}/batch{batch}/gen{generation}.log",
    benchmark:
        "benchmarks/{scale}/gaussian/models/{regime}/ddof{ddof}/size{size}/batch{batch}/gen{generation}.gaussian_chain.tsv"
    group:
        CHAINS["gaussian"]
    resources:
        **needs("gaussian_chain"),
    params:
        regime=lambda w: config["regimes"][w.regime],
        seed=seed_of("gaussian", "chain", without=("generation",)),
    script:
        "../../scripts/gaussian_chain.py"


rule gaussian_estimation:
    """Errors of one fit to n real points, repeated, for each n."""
    input:
        settings=GAUSSIAN_ESTIMATION.path,
        code=code_of("gaussian_estimation.py"),
    output:
        "results/{scale}/gaussian/metrics/estimation.npz",
    log:
        "logs/{scale}/gaussian/metrics/estimation.log",
    resources:
        **needs("gaussian_estimation"),
    params:
        settings=GAUSSIAN_ESTIMATION.values,
        seed=seed_of("gaussian", "estimation"),
    script:
        "../../scripts/gaussian_estimation.py"
