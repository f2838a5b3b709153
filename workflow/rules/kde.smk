"""Kernel density estimation: the family that docs/contributing.md adds. One job runs all generations."""

KDE = config["kde"] | {
    "regimes": {name: config["regimes"][name] for name in config["kde"]["regimes"]}
}


rule kde_chains:
    """Chains of kernel density estimates: their variance in every run."""
    output:
        "results/{scale}/kde/metrics/variances.npz",
    log:
        "logs/{scale}/kde/metrics/variances.log",
    params:
        settings=KDE,
        seed=seed_of("kde", "chain"),
        code=code_of("kde/chains.py"),
    script:
        "../../scripts/jobs/kde/chains.py"


rule kde_generations:
    """The variance over runs against its expectation."""
    input:
        chains=rules.kde_chains.output[0],
    output:
        multiext("results/{scale}/tables/kde_generations", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/kde_generations.log",
    params:
        settings=KDE,
        code=code_of("kde/generations_table.py"),
    script:
        "../../scripts/jobs/kde/generations_table.py"


rule kde_variance:
    """Variance of chains of kernel density estimates against generation."""
    input:
        table="results/{scale}/tables/kde_generations.csv",
    output:
        figure("results/{scale}/figures/kde_variance"),
    log:
        "logs/{scale}/figures/kde_variance.log",
    params:
        **KDE,
        code=code_of("kde/variance_figure.py", "workflow/report/kde_variance.md"),
    script:
        "../../scripts/jobs/kde/variance_figure.py"


rule kde:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("kde"),
