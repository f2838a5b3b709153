"""Every figure of the paper, each drawn from tables or from what lies in a folder named shown: a few
hundred kilobytes, so that figures can be drawn where models and samples are not."""

VAE_SAMPLES = settings("vae_samples", regimes=VAE["regimes"], **config["figures"]["vae_samples"])
VAE_FIGURES = settings("vae_figures", runs=VAE["runs"], images=VAE["evaluation"]["images"])

LM_FIGURES = settings(
    "lm_figures",
    **{name: LM[name] for name in ("runs", "model", "corpus")},
    histograms=config["figures"]["lm_histograms"]["generations"],
    penalties={
        name: LM["definitions"][name]["repetition_penalty"]
        for name in config["figures"]["lm_repetition"]["settings"]
    },
)


rule feedback_loop:
    """The loop of the paper, a drawing without data."""
    input:
        caption="workflow/report/feedback_loop.md",
        code=code_of("figures/feedback_loop.py"),
    output:
        png=report("results/{scale}/figures/feedback_loop.png", **IN_REPORT),
        pdf="results/{scale}/figures/feedback_loop.pdf",
        caption="results/{scale}/figures/feedback_loop.md",
    log:
        "logs/{scale}/figures/feedback_loop.log",
    script:
        "../../scripts/figures/feedback_loop.py"


rule gaussian_estimation_figure:
    """Error of one fit to n real points against n."""
    input:
        table="results/{scale}/tables/gaussian_estimation.csv",
        settings=GAUSSIAN_ESTIMATION.path,
        caption="workflow/report/gaussian_estimation.md",
        code=code_of("figures/gaussian_estimation.py"),
    output:
        png=report("results/{scale}/figures/gaussian_estimation.png", **IN_REPORT),
        pdf="results/{scale}/figures/gaussian_estimation.pdf",
        caption="results/{scale}/figures/gaussian_estimation.md",
    log:
        "logs/{scale}/figures/gaussian_estimation.log",
    params:
        **GAUSSIAN_ESTIMATION.values,
    script:
        "../../scripts/figures/gaussian_estimation.py"


rule gaussian_regime:
    """Errors of the fitted mean and standard deviation against generation, under one regime."""
    input:
        table="results/{scale}/tables/gaussian_errors_{regime}.csv",
        settings=GAUSSIAN_TABLES.path,
        regime=lambda w: REGIMES[w.regime].path,
        reference="reference/published_values.csv",
        caption="workflow/report/gaussian_regime.md",
        code=code_of("figures/gaussian_regime.py"),
    output:
        png=report("results/{scale}/figures/gaussian_{regime}.png", **IN_REPORT),
        pdf="results/{scale}/figures/gaussian_{regime}.pdf",
        caption="results/{scale}/figures/gaussian_{regime}.md",
    log:
        "logs/{scale}/figures/gaussian_{regime}.log",
    params:
        **GAUSSIAN_TABLES.values,
        exact=lambda w: gaussian.is_exact(configuration.regime(config, w.regime)),
    script:
        "../../scripts/figures/gaussian_regime.py"


rule gaussian_wasserstein:
    """Wasserstein distance, variance and log variance of the replace chain against their closed forms."""
    input:
        table="results/{scale}/tables/gaussian_theory.csv",
        settings=GAUSSIAN_TABLES.path,
        caption="workflow/report/gaussian_wasserstein.md",
        code=code_of("figures/gaussian_wasserstein.py"),
    output:
        png=report("results/{scale}/figures/gaussian_wasserstein.png", **IN_REPORT),
        pdf="results/{scale}/figures/gaussian_wasserstein.pdf",
        caption="results/{scale}/figures/gaussian_wasserstein.md",
    log:
        "logs/{scale}/figures/gaussian_wasserstein.log",
    params:
        **GAUSSIAN_TABLES.values,
    script:
        "../../scripts/figures/gaussian_wasserstein.py"


rule gaussian_growing:
    """Distance of the replace chain to the truth where the number of samples grows."""
    input:
        table="results/{scale}/tables/gaussian_growing.csv",
        settings=GAUSSIAN_GROWING.path,
        caption="workflow/report/gaussian_growing.md",
        code=code_of("figures/gaussian_growing.py"),
    output:
        png=report("results/{scale}/figures/gaussian_growing.png", **IN_REPORT),
        pdf="results/{scale}/figures/gaussian_growing.pdf",
        caption="results/{scale}/figures/gaussian_growing.md",
    log:
        "logs/{scale}/figures/gaussian_growing.log",
    params:
        **GAUSSIAN_GROWING.values,
    script:
        "../../scripts/figures/gaussian_growing.py"


rule discrete_absorption:
    """States left, heterozygosity and absorption of the discrete chains, and where they end."""
    input:
        table="results/{scale}/tables/discrete_absorption.csv",
        ends="results/{scale}/tables/discrete_ends.csv",
        settings=DISCRETE_CHAIN.path,
        caption="workflow/report/discrete_absorption.md",
        code=code_of("figures/discrete_absorption.py"),
    output:
        png=report("results/{scale}/figures/discrete_absorption.png", **IN_REPORT),
        pdf="results/{scale}/figures/discrete_absorption.pdf",
        caption="results/{scale}/figures/discrete_absorption.md",
    log:
        "logs/{scale}/figures/discrete_absorption.log",
    params:
        **DISCRETE_CHAIN.values,
    script:
        "../../scripts/figures/discrete_absorption.py"


rule tail_cutting:
    """What M samples leave of a histogram's tails."""
    input:
        table="results/{scale}/tables/tail_cutting.csv",
        settings=TAIL_CUTTING.path,
        caption="workflow/report/tail_cutting.md",
        code=code_of("figures/tail_cutting.py"),
    output:
        png=report("results/{scale}/figures/tail_cutting.png", **IN_REPORT),
        pdf="results/{scale}/figures/tail_cutting.pdf",
        caption="results/{scale}/figures/tail_cutting.md",
    log:
        "logs/{scale}/figures/tail_cutting.log",
    params:
        **TAIL_CUTTING.values,
    script:
        "../../scripts/figures/tail_cutting.py"


rule gmm_samples:
    """Real points, and what the mixtures of several generations drew."""
    input:
        clouds=gmm_clouds,
        settings=GMM_SAMPLES.path,
        caption="workflow/report/gmm_samples.md",
        code=code_of("figures/gmm_samples.py"),
    output:
        png=report("results/{scale}/figures/gmm_samples.png", **IN_REPORT),
        pdf="results/{scale}/figures/gmm_samples.pdf",
        caption="results/{scale}/figures/gmm_samples.md",
    log:
        "logs/{scale}/figures/gmm_samples.log",
    params:
        **GMM_SAMPLES.values,
    script:
        "../../scripts/figures/gmm_samples.py"


rule gmm_l2:
    """Distance of later generations' mixtures from the first, and their spread."""
    input:
        table="results/{scale}/tables/gmm_generations.csv",
        settings=GMM_TABLES.path,
        reference="reference/published_values.csv",
        caption="workflow/report/gmm_l2.md",
        code=code_of("figures/gmm_l2.py"),
    output:
        png=report("results/{scale}/figures/gmm_l2.png", **IN_REPORT),
        pdf="results/{scale}/figures/gmm_l2.pdf",
        caption="results/{scale}/figures/gmm_l2.md",
    log:
        "logs/{scale}/figures/gmm_l2.log",
    params:
        **GMM_TABLES.values,
    script:
        "../../scripts/figures/gmm_l2.py"


rule vae_samples:
    """Images decoded from random latents by models of several generations."""
    input:
        grids=expand("results/{{scale}}/vae/shown/{regime}.npz", regime=VAE["regimes"]),
        settings=VAE_SAMPLES.path,
        caption="workflow/report/vae_samples.md",
        code=code_of("figures/vae_samples.py"),
    output:
        png=report("results/{scale}/figures/vae_samples.png", **IN_REPORT),
        pdf="results/{scale}/figures/vae_samples.pdf",
        caption="results/{scale}/figures/vae_samples.md",
    log:
        "logs/{scale}/figures/vae_samples.log",
    params:
        **VAE_SAMPLES.values,
    script:
        "../../scripts/figures/vae_samples.py"


rule vae_latent_density:
    """Density of the original encoder's means on data that later generations made."""
    input:
        table="results/{scale}/tables/vae_latent_density.csv",
        reference="reference/published_values.csv",
        settings=VAE_FIGURES.path,
        caption="workflow/report/vae_latent_density.md",
        code=code_of("figures/vae_latent_density.py"),
    output:
        png=report("results/{scale}/figures/vae_latent_density.png", **IN_REPORT),
        pdf="results/{scale}/figures/vae_latent_density.pdf",
        caption="results/{scale}/figures/vae_latent_density.md",
    log:
        "logs/{scale}/figures/vae_latent_density.log",
    params:
        **VAE_FIGURES.values,
    script:
        "../../scripts/figures/vae_latent_density.py"


rule vae_moments:
    """Quantities of the VAE's generations, over runs."""
    input:
        table="results/{scale}/tables/vae_generations.csv",
        settings=VAE_FIGURES.path,
        classifier=rules.digit_classifier.output.metrics,
        reference="reference/published_values.csv",
        caption="workflow/report/{figure}.md",
        code=code_of("figures/vae_moments.py"),
    output:
        png=report("results/{scale}/figures/{figure}.png", **IN_REPORT),
        pdf="results/{scale}/figures/{figure}.pdf",
        caption="results/{scale}/figures/{figure}.md",
    log:
        "logs/{scale}/figures/{figure}.log",
    wildcard_constraints:
        figure="vae_latent_moments|vae_collapse",
    params:
        **VAE_FIGURES.values,
    script:
        "../../scripts/figures/vae_moments.py"


rule lm_perplexity:
    """Perplexity of the real test set against generation, in every setting."""
    input:
        table="results/{scale}/tables/lm_perplexity.csv",
        reference="reference/published_values.csv",
        settings=LM_FIGURES.path,
        caption="workflow/report/lm_perplexity.md",
        code=code_of("figures/lm_perplexity.py"),
    output:
        png=report("results/{scale}/figures/lm_perplexity.png", **IN_REPORT),
        pdf="results/{scale}/figures/lm_perplexity.pdf",
        caption="results/{scale}/figures/lm_perplexity.md",
    log:
        "logs/{scale}/figures/lm_perplexity.log",
    params:
        **LM_FIGURES.values,
    script:
        "../../scripts/figures/lm_perplexity.py"


rule lm_histograms:
    """How probable generation 0 finds the text of later generations."""
    input:
        table="results/{scale}/tables/lm_histograms.csv",
        settings=LM_FIGURES.path,
        caption="workflow/report/lm_histograms.md",
        code=code_of("figures/lm_histograms.py"),
    output:
        png=report("results/{scale}/figures/lm_histograms.png", **IN_REPORT),
        pdf="results/{scale}/figures/lm_histograms.pdf",
        caption="results/{scale}/figures/lm_histograms.md",
    log:
        "logs/{scale}/figures/lm_histograms.log",
    params:
        **LM_FIGURES.values,
    script:
        "../../scripts/figures/lm_histograms.py"


rule lm_histograms_3d:
    """The same for every generation, in three dimensions."""
    input:
        table="results/{scale}/tables/lm_histograms.csv",
        settings=LM_FIGURES.path,
        caption="workflow/report/lm_histograms_3d.md",
        code=code_of("figures/lm_histograms_3d.py"),
    output:
        png=report("results/{scale}/figures/lm_histograms_3d.png", **IN_REPORT),
        pdf="results/{scale}/figures/lm_histograms_3d.pdf",
        caption="results/{scale}/figures/lm_histograms_3d.md",
    log:
        "logs/{scale}/figures/lm_histograms_3d.log",
    params:
        **LM_FIGURES.values,
    script:
        "../../scripts/figures/lm_histograms_3d.py"


rule lm_repetition:
    """What a repetition penalty changes."""
    input:
        table="results/{scale}/tables/lm_perplexity.csv",
        texts="results/{scale}/tables/lm_text.csv",
        histograms="results/{scale}/tables/lm_histograms.csv",
        settings=LM_FIGURES.path,
        caption="workflow/report/lm_repetition.md",
        code=code_of("figures/lm_repetition.py"),
    output:
        png=report("results/{scale}/figures/lm_repetition.png", **IN_REPORT),
        pdf="results/{scale}/figures/lm_repetition.pdf",
        caption="results/{scale}/figures/lm_repetition.md",
    log:
        "logs/{scale}/figures/lm_repetition.log",
    params:
        **LM_FIGURES.values,
    script:
        "../../scripts/figures/lm_repetition.py"


rule lm_tail:
    """What is lost from the vocabulary and what repeats, against generation."""
    input:
        table="results/{scale}/tables/lm_text.csv",
        settings=LM_FIGURES.path,
        caption="workflow/report/lm_tail.md",
        code=code_of("figures/lm_tail.py"),
    output:
        png=report("results/{scale}/figures/lm_tail.png", **IN_REPORT),
        pdf="results/{scale}/figures/lm_tail.pdf",
        caption="results/{scale}/figures/lm_tail.md",
    log:
        "logs/{scale}/figures/lm_tail.log",
    params:
        **LM_FIGURES.values,
    script:
        "../../scripts/figures/lm_tail.py"
