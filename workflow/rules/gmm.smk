"""Gaussian mixture: fit two components, sample from them, fit again. A job runs a block of generations."""

GMM_TRUTHS = {
    name: settings(f"gmm_real_{name}", runs=GMM["runs_per_job"], **truth)
    for name, truth in GMM["truths"].items()
}
GMM_CHAIN = settings("gmm_chain", **GMM["fit"])
GMM_SAMPLES = settings(
    "gmm_samples",
    regimes=GMM["regimes"],
    data=GMM["data"],
    runs_per_job=GMM["runs_per_job"],
    **config["figures"]["gmm_samples"],
)


rule gmm_real:
    """data(0): real samples for a batch of runs."""
    input:
        settings=lambda w: GMM_TRUTHS[w.data].path,
        code=code_of("gmm_real.py"),
    output:
        "results/{scale}/gmm/samples/real/{data}/size{size}/batch{batch}.npz",
    log:
        "logs/{scale}/gmm/samples/real/{data}/size{size}/batch{batch}.log",
    group:
        CHAINS["gmm"]
    params:
        settings=lambda w: GMM_TRUTHS[w.data].values,
        seed=seed_of("gmm", "real"),
    script:
        "../../scripts/gmm_real.py"


rule gmm_chain:
    """model(0) … model(g) of a batch of runs, from where the job before stopped."""
    input:
        real="results/{scale}/gmm/samples/real/{data}/size{size}/batch{batch}.npz",
        start=gmm_start,
        regime=lambda w: REGIMES[w.regime].path,
        settings=GMM_CHAIN.path,
        code=code_of("gmm_chain.py"),
    output:
        "results/{scale}/gmm/models/{regime}/{data}/size{size}/batch{batch}/gen{generation}.npz",
    log:
        "logs/{scale}/gmm/models/{regime}/{data}/size{size}/batch{batch}/gen{generation}.log",
    benchmark:
        "benchmarks/{scale}/gmm/models/{regime}/{data}/size{size}/batch{batch}/gen{generation}.gmm_chain.tsv"
    priority: lambda w: int(w.size)  # the longest chains first
    group:
        CHAINS["gmm"]
    resources:
        **needs("gmm_chain"),
    params:
        settings=GMM_CHAIN.values,
        regime=lambda w: config["regimes"][w.regime],
        seed=seed_of("gmm", "chain", without=("generation",)),
    script:
        "../../scripts/gmm_chain.py"


rule gmm_draw:
    """samples(g) of one run at the generations of the figure gmm_samples, with data(0)."""
    input:
        real="results/{scale}/gmm/samples/real/{data}/size{size}/batch{batch}.npz",
        models=gmm_last,
        settings=GMM_SAMPLES.path,
        code=code_of("gmm_draw.py"),
    output:
        "results/{scale}/gmm/shown/{regime}/{data}/size{size}/batch{batch}.npz",
    log:
        "logs/{scale}/gmm/shown/{regime}/{data}/size{size}/batch{batch}.log",
    group:
        CHAINS["gmm"]
    params:
        settings=GMM_SAMPLES.values,
        seed=seed_of("gmm", "chain"),
    script:
        "../../scripts/gmm_draw.py"
