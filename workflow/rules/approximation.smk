"""Errors of a fit, each alone: the three sources of error, and ridge regression on its own predictions."""

ERROR_SOURCES = config["approximation"]["sources"]
KERNEL_RIDGE = config["approximation"]["kernel_ridge"] | {
    "regimes": {
        name: config["regimes"][name] for name in config["approximation"]["kernel_ridge"]["regimes"]
    }
}


rule error_sources_chains:
    """Chains of normal distributions with one source of error each, and with all three."""
    output:
        "results/{scale}/approximation/metrics/error_sources.npz",
    log:
        "logs/{scale}/approximation/metrics/error_sources.log",
    params:
        settings=ERROR_SOURCES,
        seed=seed_of("approximation", "sources"),
        code=code_of("approximation/sources.py"),
    script:
        "../../scripts/jobs/approximation/sources.py"


rule error_sources_table:
    """Their variance and divergence from the truth against the expectations."""
    input:
        chains=rules.error_sources_chains.output[0],
    output:
        multiext("results/{scale}/tables/error_sources", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/error_sources.log",
    params:
        settings=ERROR_SOURCES,
        code=code_of("approximation/sources_table.py"),
    script:
        "../../scripts/jobs/approximation/sources_table.py"


rule error_sources:
    """What each source of error does over generations."""
    input:
        table="results/{scale}/tables/error_sources.csv",
    output:
        figure("results/{scale}/figures/error_sources"),
    log:
        "logs/{scale}/figures/error_sources.log",
    params:
        **ERROR_SOURCES,
        code=code_of("approximation/sources_figure.py", "workflow/report/error_sources.md"),
    script:
        "../../scripts/jobs/approximation/sources_figure.py"


rule kernel_ridge_chains:
    """Chains of kernel ridge regression: what each generation predicts, in every run."""
    output:
        "results/{scale}/approximation/metrics/kernel_ridge.npz",
    log:
        "logs/{scale}/approximation/metrics/kernel_ridge.log",
    params:
        settings=KERNEL_RIDGE,
        seed=seed_of("approximation", "kernel_ridge"),
        code=code_of("approximation/ridge.py"),
    script:
        "../../scripts/jobs/approximation/ridge.py"


rule kernel_ridge_table:
    """The share of the true function that is left in each direction against its law."""
    input:
        chains=rules.kernel_ridge_chains.output[0],
    output:
        multiext("results/{scale}/tables/kernel_ridge", csv=".csv", md=".md"),
        functions="results/{scale}/tables/kernel_ridge_functions.csv",
    log:
        "logs/{scale}/tables/kernel_ridge.log",
    params:
        settings=KERNEL_RIDGE,
        code=code_of("approximation/ridge_table.py"),
    script:
        "../../scripts/jobs/approximation/ridge_table.py"


rule kernel_ridge:
    """What ridge regression on its own predictions leaves of a function."""
    input:
        table="results/{scale}/tables/kernel_ridge.csv",
        functions="results/{scale}/tables/kernel_ridge_functions.csv",
    output:
        figure("results/{scale}/figures/kernel_ridge"),
    log:
        "logs/{scale}/figures/kernel_ridge.log",
    params:
        **KERNEL_RIDGE,
        code=code_of("approximation/ridge_figure.py", "workflow/report/kernel_ridge.md"),
    script:
        "../../scripts/jobs/approximation/ridge_figure.py"


rule approximation:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("approximation"),
