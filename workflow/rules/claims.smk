"""What follows from all families: the paper's claims, what it leaves open, and headline numbers."""

from pipeline import fidelity, layout as layouts

CLAIMS = {
    "truth": TRUTH,
    "gaussian": {
        "regimes": GAUSSIAN["regimes"],
        "grid": layout.gaussian_grid,
        "every": layout.gaussian_every,
    },
    "growing": {name: GAUSSIAN_GROWING[name] for name in ("ddof", "noise", "powers", "size")},
    "discrete": {name: DISCRETE[name] for name in ("distributions", "sizes")},
    "gmm": layout.gmm_grid,
    "mixtures": {name: GMM["truths"][name] for name in GMM["data"]},
    "human_data": HUMAN_DATA,
    "lm": layout.lm_grid(),
    "families": config["families"],
    # what a claim may be restricted to
    "facts": {"lm.model": layouts.model_name(config), "lm.corpus": config["lm"]["corpus"]},
}

FIDELITY = start.checked(fidelity.read, config)

# the results that claims and meanings of collapse are judged on
JUDGED = {
    **helpers.of(
        "gaussian",
        gaussian=layout.gaussian_histories(),
        growing=rules.gaussian_growing_chains.output[0],
    ),
    **helpers.of("discrete", discrete=rules.discrete_absorption_table.input.chains),
    **helpers.of("gmm", gmm=layout.gmm_chains()),
    **helpers.of("human_data", human_data=rules.human_data_phase_chains.output.kept),
    **helpers.of("vae", vae=rules.vae_generations.output.csv),
    **helpers.of(
        "lm",
        lm_runs=layout.lm_metrics("losses"),
        lm_texts=layout.lm_metrics("text"),
        lm_baselines=layout.lm_ngrams(),
    ),
}
# the files of claims, gates and published values
JUDGED_BY = ("reference/claims.yaml", "reference/published_values.csv")


rule claims:
    """The verdict on every claim of the paper, with effect, interval and negative control."""
    input:
        **JUDGED,
    output:
        multiext("results/{scale}/tables/claims", csv=".csv", md=".md", json=".json"),
    log:
        "logs/{scale}/tables/claims.log",
    params:
        **CLAIMS,
        claims="reference/claims.yaml",
        code=code_of("claims/claims.py", *JUDGED_BY),
    script:
        "../../scripts/jobs/claims/claims.py"


rule claims_later:
    """The verdict on claims of later papers."""
    input:
        **JUDGED,
    output:
        multiext("results/{scale}/tables/claims_later", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/claims_later.log",
    params:
        **CLAIMS,
        claims="reference/claims_later.yaml",
        code=code_of("claims/claims.py", *JUDGED_BY, "reference/claims_later.yaml"),
    script:
        "../../scripts/jobs/claims/claims.py"


rule collapse_profile:
    """Which meanings of collapse are seen in which family and regime."""
    input:
        **JUDGED,
    output:
        multiext("results/{scale}/tables/collapse_profile", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/collapse_profile.log",
    params:
        **CLAIMS,
        code=code_of(
            "claims/profile.py", "reference/collapse_profile.yaml", "reference/claims.yaml"
        ),
    script:
        "../../scripts/jobs/claims/profile.py"


rule headline:
    """Spread or perplexity of every chain, by generation; first and last values."""
    input:
        **helpers.of(
            "gaussian",
            gaussian=expand(
                "results/{{scale}}/tables/gaussian_errors_{regime}.csv",
                regime=GAUSSIAN["regimes"],
            ),
        ),
        **helpers.of("gmm", gmm=rules.gmm_generations.output.csv),
        **helpers.of("vae", vae=rules.vae_generations.output.csv),
        **helpers.of("lm", lm=rules.lm_perplexity_table.output.csv),
    output:
        multiext("results/{scale}/tables/headline", csv=".csv", md=".md"),
        json=expand("results/{{scale}}/tables/{family}.json", family=layout.headline_columns()),
    log:
        "logs/{scale}/tables/headline.log",
    params:
        regimes=GAUSSIAN["regimes"],
        columns=layout.headline_columns(),
        chains=layout.headline_chains(),
        code=code_of("claims/headline.py"),
    script:
        "../../scripts/jobs/claims/headline.py"


rule fidelity:
    """Every choice that the paper leaves open: text, released code, and what this run does."""
    input:
        results=FIDELITY.tables,
    output:
        multiext("results/{scale}/tables/fidelity", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/fidelity.log",
    params:
        values=FIDELITY.values,
        code=code_of("claims/fidelity.py", "reference/fidelity.yaml"),
    script:
        "../../scripts/jobs/claims/fidelity.py"
