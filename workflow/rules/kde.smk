"""Kernel density estimation: the family that docs/extending.md adds. One job runs all generations."""

KDE_MIXES = {name: config["regimes"][name] for name in config["kde"]["regimes"]}
KDE = settings("kde", **config["kde"] | {"regimes": KDE_MIXES})


rule kde_generations:
    """Chains of kernel density estimates: their variance, over runs, beside its expectation."""
    input:
        settings=KDE.path,
        code=code_of("tables/kde_generations.py"),
    output:
        multiext("results/{scale}/tables/kde_generations", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/kde_generations.log",
    params:
        settings=KDE.values,
        seed=seed_of("kde", "chain"),
    script:
        "../../scripts/tables/kde_generations.py"


rule kde_variance:
    """Variance of chains of kernel density estimates against generation."""
    input:
        table="results/{scale}/tables/kde_generations.csv",
        settings=KDE.path,
        caption="workflow/report/kde_variance.md",
        code=code_of("figures/kde_variance.py"),
    output:
        multiext("results/{scale}/figures/kde_variance", png=".png", pdf=".pdf", caption=".md"),
    log:
        "logs/{scale}/figures/kde_variance.log",
    params:
        **KDE.values,
    script:
        "../../scripts/figures/kde_variance.py"
