"""VAE on MNIST: every generation is a new network, trained on what the previous one drew."""

VAE = config["vae"]
VAE_TRAIN = VAE["train"] | {
    "device": config["device"],
    **{name: VAE[name] for name in ("images", "samples", "architecture")},
}
VAE_DRAWN = {name: VAE[name] for name in ("images", "architecture")}
VAE_EVALUATE = VAE["evaluation"] | {"classifier": VAE["classifier"]["channels"]}
VAE_TABLES = {
    "density_generations": config["figures"]["vae_latent_density"]["generations"],
    **{name: VAE[name] for name in ("regimes", "runs", "last_generation")},
}
VAE_SAMPLES = config["figures"]["vae_samples"] | {"regimes": VAE["regimes"]}
VAE_FIGURES = {"runs": VAE["runs"], "images": VAE["evaluation"]["images"]}


rule digit_classifier:
    """A classifier of real digits, which later names what generated images show."""
    input:
        mnist=rules.mnist.output,
    output:
        model="results/{scale}/vae/models/digit_classifier.safetensors",
        metrics="results/{scale}/vae/shown/digit_classifier.json",
    log:
        "logs/{scale}/vae/models/digit_classifier.log",
    resources:
        **needs("digit_classifier"),
    params:
        settings=VAE["classifier"],
        seed=seed_of("vae", "classifier"),
        code=code_of("vae/digit_classifier.py"),
    script:
        "../../scripts/jobs/vae/digit_classifier.py"


rule vae_train:
    """model(g): a new VAE trained on data(g) only, which is drawn again from its sources."""
    input:
        mnist=branch(layout.vae_takes_real, then=rules.mnist.output, otherwise=[]),
        models=layout.vae_models(layout.vae_sources),
    output:
        model="results/{scale}/vae/models/{regime}/run{run}/gen{generation}.safetensors",
        metrics="results/{scale}/vae/metrics/{regime}/run{run}/gen{generation}.json",
    log:
        "logs/{scale}/vae/models/{regime}/run{run}/gen{generation}.log",
    priority: lambda w: -int(w.get("generation", 0))  # all runs advance together
    group:
        chain_group("vae")
    resources:
        **needs("vae_train"),
    params:
        settings=VAE_TRAIN,
        regime=lambda w: config["regimes"][w.regime],
        seed=seed_of("vae", "train"),
        source_seeds=seeds_of("vae", "train", layout.vae_sources),
        mix_seed=seed_of("vae", "mix", without=("generation",)),
        code=code_of("vae/train.py"),
    script:
        "../../scripts/jobs/vae/train.py"


use rule vae_train as vae_train_real with:
    input:
        mnist=rules.mnist.output,
        models=[],
    output:
        model="results/{scale}/vae/models/real/run{run}/gen00.safetensors",
        metrics="results/{scale}/vae/metrics/real/run{run}/gen00.json",
    log:
        "logs/{scale}/vae/models/real/run{run}/gen00.log",
    params:
        settings=VAE_TRAIN,
        regime={},
        seed=seed_of("vae", "train"),
        source_seeds=[],
        mix_seed=0,
        code=code_of("vae/train.py"),


rule vae_evaluate:
    """All generations of one run, seen by generation 0's encoder and by the digit classifier."""
    input:
        mnist=rules.mnist.output,
        models=layout.vae_models(layout.vae_of_run),
        classifier=rules.digit_classifier.output.model,
    output:
        "results/{scale}/vae/metrics/{regime}/run{run}.npz",
    log:
        "logs/{scale}/vae/metrics/{regime}/run{run}.log",
    group:
        cpu_group("vae")
    resources:
        **needs("vae_evaluate"),
    params:
        settings=VAE_EVALUATE,
        drawn=VAE_DRAWN,
        seeds=seeds_of("vae", "train", layout.vae_of_run),
        code=code_of("vae/evaluate.py"),
    script:
        "../../scripts/jobs/vae/evaluate.py"


rule vae_grid:
    """Of real images and of some generations of one run, as many as the figure vae_samples shows."""
    input:
        mnist=rules.mnist.output,
        models=layout.vae_models(layout.vae_in_figure),
    output:
        "results/{scale}/vae/shown/{regime}.npz",
    log:
        "logs/{scale}/vae/shown/{regime}.log",
    params:
        settings=config["figures"]["vae_samples"],
        drawn=VAE_DRAWN,
        seeds=seeds_of("vae", "train", layout.vae_in_figure),
        code=code_of("vae/grid.py"),
    script:
        "../../scripts/jobs/vae/grid.py"


rule vae_generations:
    """Every generation of the VAE in numbers, over runs."""
    input:
        evaluations=expand(
            "results/{{scale}}/vae/metrics/{regime}/run{run}.npz",
            regime=VAE["regimes"],
            run=layout.vae_runs,
        ),
        losses=layout.vae_metrics,
    output:
        multiext("results/{scale}/tables/vae_generations", csv=".csv", md=".md"),
        density="results/{scale}/tables/vae_latent_density.csv",
    log:
        "logs/{scale}/tables/vae_generations.log",
    params:
        **VAE_TABLES,
        code=code_of("vae/generations_table.py"),
    script:
        "../../scripts/jobs/vae/generations_table.py"


rule vae_samples:
    """Images decoded from random latents by models of several generations."""
    input:
        grids=expand("results/{{scale}}/vae/shown/{regime}.npz", regime=VAE["regimes"]),
    output:
        figure("results/{scale}/figures/vae_samples"),
    log:
        "logs/{scale}/figures/vae_samples.log",
    params:
        **VAE_SAMPLES,
        code=code_of("vae/samples_figure.py", "workflow/report/vae_samples.md"),
    script:
        "../../scripts/jobs/vae/samples_figure.py"


rule vae_latent_density:
    """Density of the original encoder's means on data that later generations made."""
    input:
        table="results/{scale}/tables/vae_latent_density.csv",
        moments="results/{scale}/tables/vae_generations.csv",
    output:
        figure("results/{scale}/figures/vae_latent_density"),
    log:
        "logs/{scale}/figures/vae_latent_density.log",
    params:
        **VAE_FIGURES,
        code=code_of(
            "vae/latent_density_figure.py",
            "reference/published_values.csv",
            "workflow/report/vae_latent_density.md",
        ),
    script:
        "../../scripts/jobs/vae/latent_density_figure.py"


rule vae_moments:
    """Quantities of the VAE's generations, over runs."""
    input:
        table="results/{scale}/tables/vae_generations.csv",
        classifier=rules.digit_classifier.output.metrics,
    output:
        figure("results/{scale}/figures/{figure}"),
    log:
        "logs/{scale}/figures/{figure}.log",
    wildcard_constraints:
        figure="vae_latent_moments|vae_collapse",
    params:
        **VAE_FIGURES,
        code=code_of(
            "vae/moments_figure.py",
            "reference/published_values.csv",
            "workflow/report/vae_latent_moments.md",
            "workflow/report/vae_collapse.md",
        ),
    script:
        "../../scripts/jobs/vae/moments_figure.py"


rule vae:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("vae"),
