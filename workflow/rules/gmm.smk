"""Gaussian mixture: fit two components, sample from them, fit again. A job runs a block of generations."""

GMM = config["gmm"]
GMM_SAMPLES = config["figures"]["gmm_samples"] | {
    name: GMM[name] for name in ("regimes", "data", "runs_per_job")
}
GMM_TABLES = {
    "grid": layout.gmm_grid,
    "truths": {name: GMM["truths"][name] for name in GMM["data"]},
    "runs": GMM["runs"],
    "generations": config["figures"]["gmm_samples"]["generations"],
}


rule gmm_real:
    """data(0): real samples for a batch of runs."""
    output:
        "results/{scale}/gmm/samples/real/{data}/size{size}/batch{batch}.npz",
    log:
        "logs/{scale}/gmm/samples/real/{data}/size{size}/batch{batch}.log",
    group:
        chain_group("gmm")
    params:
        settings=lambda w: GMM["truths"][w.data] | {"runs": GMM["runs_per_job"]},
        seed=seed_of("gmm", "real"),
        code=code_of("gmm/real.py"),
    script:
        "../../scripts/jobs/gmm/real.py"


rule gmm_chain:
    """model(0) … model(g) of a batch of runs, from where the job before stopped."""
    input:
        real="results/{scale}/gmm/samples/real/{data}/size{size}/batch{batch}.npz",
        start=layout.gmm_start,
    output:
        "results/{scale}/gmm/models/{regime}/{data}/size{size}/batch{batch}/gen{generation}.npz",
    log:
        "logs/{scale}/gmm/models/{regime}/{data}/size{size}/batch{batch}/gen{generation}.log",
    priority: lambda w: int(w.size)  # the longest chains first
    group:
        chain_group("gmm")
    resources:
        **needs("gmm_chain"),
    params:
        settings=GMM["fit"],
        truth=lambda w: GMM["truths"][w.data],
        regime=lambda w: config["regimes"][w.regime],
        seed=seed_of("gmm", "chain", without=("generation",)),
        code=code_of("gmm/chain.py"),
    script:
        "../../scripts/jobs/gmm/chain.py"


rule gmm_draw:
    """samples(g) of one run at the generations of the figure gmm_samples, with data(0)."""
    input:
        real="results/{scale}/gmm/samples/real/{data}/size{size}/batch{batch}.npz",
        models=layout.gmm_last,
    output:
        "results/{scale}/gmm/shown/{regime}/{data}/size{size}/batch{batch}.npz",
    log:
        "logs/{scale}/gmm/shown/{regime}/{data}/size{size}/batch{batch}.log",
    group:
        chain_group("gmm")
    params:
        settings=GMM_SAMPLES,
        truth=lambda w: GMM["truths"][w.data],
        regime=lambda w: config["regimes"][w.regime],
        seed=seed_of("gmm", "chain"),
        code=code_of("gmm/draw.py"),
    script:
        "../../scripts/jobs/gmm/draw.py"


rule gmm_generations:
    """Every chain of mixtures in numbers, over runs."""
    input:
        chains=layout.gmm_chains,
    output:
        multiext("results/{scale}/tables/gmm_generations", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/gmm_generations.log",
    params:
        **GMM_TABLES,
        code=code_of("gmm/generations_table.py"),
    script:
        "../../scripts/jobs/gmm/generations_table.py"


rule gmm_samples:
    """Real points, and what the mixtures of several generations drew."""
    input:
        clouds=layout.gmm_clouds,
    output:
        figure("results/{scale}/figures/gmm_samples"),
    log:
        "logs/{scale}/figures/gmm_samples.log",
    params:
        **GMM_SAMPLES,
        code=code_of("gmm/samples_figure.py", "workflow/report/gmm_samples.md"),
    script:
        "../../scripts/jobs/gmm/samples_figure.py"


rule gmm_l2:
    """Distance of later generations' mixtures from the first, and their spread."""
    input:
        table="results/{scale}/tables/gmm_generations.csv",
    output:
        figure("results/{scale}/figures/gmm_l2"),
    log:
        "logs/{scale}/figures/gmm_l2.log",
    params:
        **GMM_TABLES,
        code=code_of(
            "gmm/l2_figure.py", "reference/published_values.csv", "workflow/report/gmm_l2.md"
        ),
    script:
        "../../scripts/jobs/gmm/l2_figure.py"


rule gmm:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("gmm"),
