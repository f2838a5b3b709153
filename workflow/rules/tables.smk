"""Summaries over runs: what figures are drawn from, and what people read."""

GAUSSIAN_GROWING = settings("gaussian_growing", ddof=GAUSSIAN["ddof"], **GAUSSIAN["growing"])
GAUSSIAN_TABLES = settings(
    "gaussian_tables",
    truth=TRUTH,
    grid=GAUSSIAN_GRID,
    runs=GAUSSIAN["runs"],
    last_generation=GAUSSIAN["last_generation"],
)
DISCRETE_TABLES = settings(
    "discrete_tables",
    **{name: DISCRETE[name] for name in ("distributions", "sizes", "runs")},
)
TAIL_CUTTING = settings("tail_cutting", **DISCRETE["tail_cutting"])
GMM_TABLES = settings(
    "gmm_tables",
    grid=GMM_GRID,
    truths={name: GMM["truths"][name] for name in GMM["data"]},
    runs=GMM["runs"],
    generations=config["figures"]["gmm_samples"]["generations"],
)
VAE_TABLES = settings(
    "vae_tables",
    regimes=VAE["regimes"],
    runs=VAE["runs"],
    last_generation=VAE["last_generation"],
    density_generations=config["figures"]["vae_latent_density"]["generations"],
)
LM_TABLES = settings(
    "lm_tables",
    settings=LM["settings"],
    runs=LM["runs"],
    last_generation=LM["last_generation"],
)
LM_EXAMPLES = settings("lm_examples", settings=LM["settings"], **LM["examples"])


rule gaussian_errors:
    """Errors of the fitted mean and standard deviation against generation, over runs."""
    input:
        chains=gaussian_chains,
        settings=GAUSSIAN_TABLES.path,
        code=code_of("tables/gaussian_errors.py"),
    output:
        "results/{scale}/tables/gaussian_errors_{regime}.csv",
    log:
        "logs/{scale}/tables/gaussian_errors_{regime}.log",
    params:
        **GAUSSIAN_TABLES.values,
    script:
        "../../scripts/tables/gaussian_errors.py"


rule gaussian_theory:
    """Closed forms of the replace chain beside measurement."""
    input:
        chains=gaussian_chains,
        settings=GAUSSIAN_TABLES.path,
        code=code_of("tables/gaussian_theory.py"),
    output:
        csv="results/{scale}/tables/gaussian_theory.csv",
        md="results/{scale}/tables/gaussian_theory.md",
    log:
        "logs/{scale}/tables/gaussian_theory.log",
    params:
        **GAUSSIAN_TABLES.values,
    script:
        "../../scripts/tables/gaussian_theory.py"


rule gaussian_growing_table:
    """The replace chain with a growing number of samples, and with noise, beside its closed forms."""
    input:
        settings=GAUSSIAN_GROWING.path,
        code=code_of("tables/gaussian_growing.py"),
    output:
        csv="results/{scale}/tables/gaussian_growing.csv",
        md="results/{scale}/tables/gaussian_growing.md",
        runs="results/{scale}/gaussian/metrics/growing.npz",
    log:
        "logs/{scale}/tables/gaussian_growing.log",
    params:
        settings=GAUSSIAN_GROWING.values,
        seed=seed_of("gaussian", "growing"),
    script:
        "../../scripts/tables/gaussian_growing.py"


rule gaussian_estimation_errors:
    """Error of one fit to n real points, over repeats."""
    input:
        errors=rules.gaussian_estimation.output[0],
        settings=GAUSSIAN_ESTIMATION.path,
        code=code_of("tables/gaussian_estimation_errors.py"),
    output:
        "results/{scale}/tables/gaussian_estimation.csv",
    log:
        "logs/{scale}/tables/gaussian_estimation.log",
    params:
        **GAUSSIAN_ESTIMATION.values,
    script:
        "../../scripts/tables/gaussian_estimation_errors.py"


rule discrete_absorption_table:
    """How fast the discrete chains lose their states, and in which they end, beside the exact laws."""
    input:
        chains=expand(
            "results/{{scale}}/discrete/metrics/{distribution}.npz",
            distribution=DISCRETE["distributions"],
        ),
        settings=DISCRETE_TABLES.path,
        code=code_of("tables/discrete_absorption.py"),
    output:
        csv="results/{scale}/tables/discrete_absorption.csv",
        md="results/{scale}/tables/discrete_absorption.md",
        ends_csv="results/{scale}/tables/discrete_ends.csv",
        ends_md="results/{scale}/tables/discrete_ends.md",
    log:
        "logs/{scale}/tables/discrete_absorption.log",
    params:
        **DISCRETE_TABLES.values,
    script:
        "../../scripts/tables/discrete_absorption.py"


rule tail_cutting_table:
    """Bins of two distributions, and how often each is empty among M samples."""
    input:
        settings=TAIL_CUTTING.path,
        code=code_of("tables/tail_cutting.py"),
    output:
        csv="results/{scale}/tables/tail_cutting.csv",
        md="results/{scale}/tables/tail_cutting.md",
    log:
        "logs/{scale}/tables/tail_cutting.log",
    params:
        settings=TAIL_CUTTING.values,
        seed=seed_of("discrete", "tail_cutting"),
    script:
        "../../scripts/tables/tail_cutting.py"


rule gmm_generations:
    """Every chain of mixtures in numbers, over runs."""
    input:
        chains=gmm_chains,
        settings=GMM_TABLES.path,
        code=code_of("tables/gmm_generations.py"),
    output:
        csv="results/{scale}/tables/gmm_generations.csv",
        md="results/{scale}/tables/gmm_generations.md",
    log:
        "logs/{scale}/tables/gmm_generations.log",
    params:
        **GMM_TABLES.values,
    script:
        "../../scripts/tables/gmm_generations.py"


rule vae_generations:
    """Every generation of the VAE in numbers, over runs."""
    input:
        evaluations=expand(
            "results/{{scale}}/vae/metrics/{regime}/run{run}.npz",
            regime=VAE["regimes"],
            run=VAE_RUNS,
        ),
        losses=lambda w: [
            vae_file(w.scale, regime, "metrics", run, g, "json")
            for regime in VAE["regimes"]
            for run in VAE_RUNS
            for g in VAE_GENERATIONS
        ],
        settings=VAE_TABLES.path,
        code=code_of("tables/vae_generations.py"),
    output:
        csv="results/{scale}/tables/vae_generations.csv",
        md="results/{scale}/tables/vae_generations.md",
        density="results/{scale}/tables/vae_latent_density.csv",
    log:
        "logs/{scale}/tables/vae_generations.log",
    params:
        **VAE_TABLES.values,
    script:
        "../../scripts/tables/vae_generations.py"


rule lm_perplexity_table:
    """Perplexity of real text under every generation, and of every text under generation 0."""
    input:
        runs=lm_runs("perplexity", "npz"),
        settings=LM_TABLES.path,
        code=code_of("tables/lm_perplexity.py"),
    output:
        csv="results/{scale}/tables/lm_perplexity.csv",
        md="results/{scale}/tables/lm_perplexity.md",
        histograms="results/{scale}/tables/lm_histograms.csv",
    log:
        "logs/{scale}/tables/lm_perplexity.log",
    params:
        **LM_TABLES.values,
    script:
        "../../scripts/tables/lm_perplexity.py"


rule lm_text_table:
    """What repeats and what is lost in the text of every generation, over runs."""
    input:
        runs=lm_runs("text", "json"),
        settings=LM_TABLES.path,
        code=code_of("tables/lm_text.py"),
    output:
        csv="results/{scale}/tables/lm_text.csv",
        md="results/{scale}/tables/lm_text.md",
    log:
        "logs/{scale}/tables/lm_text.log",
    params:
        **LM_TABLES.values,
    script:
        "../../scripts/tables/lm_text.py"


rule lm_examples:
    """One real block of text, and how several generations continue it."""
    input:
        tokenizer=f"{LM_BASE}/tokenizer.json",
        real="results/{scale}/lm/samples/real/data.npz",
        samples=lambda w: [
            lm_file(w.scale, setting, "samples", f"{LM['examples']['run']:02d}", g, "npz")
            for setting in LM["settings"]
            for g in LM["examples"]["generations"]
        ],
        settings=LM_EXAMPLES.path,
        code=code_of("tables/lm_examples.py"),
    output:
        csv="results/{scale}/tables/lm_examples.csv",
        md="results/{scale}/tables/lm_examples.md",
    log:
        "logs/{scale}/tables/lm_examples.log",
    params:
        **LM_EXAMPLES.values,
    script:
        "../../scripts/tables/lm_examples.py"
