"""What is concluded from all families: numbers to compare runs by, and the claims of the paper."""

CLAIMS = settings(
    "claims",
    truth=TRUTH,
    gaussian={"regimes": GAUSSIAN["regimes"], "grid": GAUSSIAN_GRID},
    growing={name: GAUSSIAN_GROWING.values[name] for name in ("ddof", "noise", "powers", "size")},
    discrete={name: DISCRETE[name] for name in ("distributions", "sizes")},
    gmm=GMM_GRID,
    lm=LM["settings"],
    # what a claim may be about, and these results not; a model by its name on the hub or its folder's
    facts={"lm.model": Path(LM["model"]).name, "lm.corpus": LM["corpus"]},
)


rule claims:
    """The verdict on every claim of the paper, with effect, interval and negative control."""
    input:
        claims="reference/claims.yaml",
        published="reference/published_values.csv",
        gaussian=lambda w: [
            path for regime in GAUSSIAN["regimes"] for path in gaussian_models(w.scale, regime)
        ],
        growing=rules.gaussian_growing_table.output.runs,
        discrete=rules.discrete_absorption_table.input.chains,
        gmm=gmm_chains,
        vae=rules.vae_generations.output.csv,
        lm_perplexity=rules.lm_perplexity_table.output.csv,
        lm_text=rules.lm_text_table.output.csv,
        lm_runs=lm_runs("perplexity", "npz"),
        settings=CLAIMS.path,
        code=code_of("tables/claims.py"),
    output:
        csv="results/{scale}/tables/claims.csv",
        md="results/{scale}/tables/claims.md",
        json="results/{scale}/tables/claims.json",
    log:
        "logs/{scale}/tables/claims.log",
    params:
        **CLAIMS.values,
    script:
        "../../scripts/tables/claims.py"


HEADLINE = settings("headline", regimes=GAUSSIAN["regimes"])


rule headline:
    """Spread or perplexity of every chain, by generation: what two runs are compared by."""
    input:
        gaussian=expand(
            "results/{{scale}}/tables/gaussian_errors_{regime}.csv", regime=GAUSSIAN["regimes"]
        ),
        gmm=rules.gmm_generations.output.csv,
        vae=rules.vae_generations.output.csv,
        lm=rules.lm_perplexity_table.output.csv,
        settings=HEADLINE.path,
        code=code_of("tables/headline.py"),
    output:
        csv="results/{scale}/tables/headline.csv",
        md="results/{scale}/tables/headline.md",
        json="results/{scale}/tables/headline.json",
    log:
        "logs/{scale}/tables/headline.log",
    params:
        **HEADLINE.values,
    script:
        "../../scripts/tables/headline.py"
