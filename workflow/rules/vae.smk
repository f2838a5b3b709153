"""VAE on MNIST: every generation is a new network, trained on what the one before it drew."""

VAE_REAL = settings("vae_real", images=VAE["images"])
VAE_TRAIN = settings(
    "vae_train",
    device=config["device"],
    images=VAE["images"],
    samples=VAE["samples"],
    architecture=VAE["architecture"],
    **VAE["train"],
)
VAE_EVALUATE = settings(
    "vae_evaluate",
    architecture=VAE["architecture"],
    classifier=VAE["classifier"]["channels"],
    **VAE["evaluation"],
)
VAE_GRID = settings("vae_grid", **config["figures"]["vae_samples"])
DIGIT_CLASSIFIER = settings("digit_classifier", **VAE["classifier"])


rule vae_real:
    """data(0): the first images of MNIST's training set."""
    input:
        mnist=rules.mnist.output,
        settings=VAE_REAL.path,
        code=code_of("vae_real.py"),
    output:
        "results/{scale}/vae/samples/real/data.npz",
    log:
        "logs/{scale}/vae/samples/real/data.log",
    resources:
        **needs("vae_real"),
    params:
        settings=VAE_REAL.values,
    script:
        "../../scripts/vae_real.py"


rule digit_classifier:
    """A classifier of real digits, which later names what generated images show."""
    input:
        mnist=rules.mnist.output,
        settings=DIGIT_CLASSIFIER.path,
        code=code_of("digit_classifier.py"),
    output:
        model="results/{scale}/vae/models/digit_classifier.safetensors",
        metrics="results/{scale}/vae/shown/digit_classifier.json",
    log:
        "logs/{scale}/vae/models/digit_classifier.log",
    benchmark:
        "benchmarks/{scale}/vae/models/digit_classifier.digit_classifier.tsv"
    resources:
        **needs("digit_classifier"),
    params:
        settings=DIGIT_CLASSIFIER.values,
        seed=seed_of("vae", "classifier"),
    script:
        "../../scripts/digit_classifier.py"


rule vae_train:
    """model(g): a new VAE trained on data(g) only; and samples(g), drawn from it."""
    input:
        unpack(vae_training_data),
        regime=lambda w: REGIMES[w.regime].path,
        settings=VAE_TRAIN.path,
        code=code_of("vae_train.py"),
    output:
        model="results/{scale}/vae/models/{regime}/run{run}/gen{generation}.safetensors",
        samples="results/{scale}/vae/samples/{regime}/run{run}/gen{generation}.npz",
        metrics="results/{scale}/vae/metrics/{regime}/run{run}/gen{generation}.json",
    log:
        "logs/{scale}/vae/models/{regime}/run{run}/gen{generation}.log",
    benchmark:
        "benchmarks/{scale}/vae/models/{regime}/run{run}/gen{generation}.vae_train.tsv"
    wildcard_constraints:
        generation=VAE_KEPT,
    priority: lambda w: -int(w.get("generation", 0))  # all runs advance together
    group:
        CHAINS["vae"]
    resources:
        **needs("vae_train"),
    params:
        settings=VAE_TRAIN.values,
        regime=lambda w: config["regimes"][w.regime],
        seed=seed_of("vae", "train"),
        mix_seed=seed_of("vae", "mix", without=("generation",)),
    script:
        "../../scripts/vae_train.py"


use rule vae_train as vae_train_pruned with:
    output:
        model=temp("results/{scale}/vae/models/{regime}/run{run}/gen{generation}.safetensors"),
        samples="results/{scale}/vae/samples/{regime}/run{run}/gen{generation}.npz",
        metrics="results/{scale}/vae/metrics/{regime}/run{run}/gen{generation}.json",
    wildcard_constraints:
        generation=VAE_PRUNED,


use rule vae_train as vae_train_real with:
    input:
        sources=rules.vae_real.output,
        settings=VAE_TRAIN.path,
        code=code_of("vae_train.py"),
    output:
        model="results/{scale}/vae/models/real/run{run}/gen00.safetensors",
        samples="results/{scale}/vae/samples/real/run{run}/gen00.npz",
        metrics="results/{scale}/vae/metrics/real/run{run}/gen00.json",
    log:
        "logs/{scale}/vae/models/real/run{run}/gen00.log",
    benchmark:
        "benchmarks/{scale}/vae/models/real/run{run}/gen00.vae_train.tsv"
    params:
        settings=VAE_TRAIN.values,
        regime={},
        seed=seed_of("vae", "train"),
        mix_seed=0,


rule vae_evaluate:
    """All generations of one run, seen by generation 0's encoder and by the digit classifier."""
    input:
        real=rules.vae_real.output[0],
        samples=lambda w: [
            vae_file(w.scale, w.regime, "samples", w.run, g, "npz") for g in VAE_GENERATIONS
        ],
        encoder=lambda w: vae_file(w.scale, w.regime, "models", w.run, 0, "safetensors"),
        classifier=rules.digit_classifier.output.model,
        settings=VAE_EVALUATE.path,
        code=code_of("vae_evaluate.py"),
    output:
        "results/{scale}/vae/metrics/{regime}/run{run}.npz",
    log:
        "logs/{scale}/vae/metrics/{regime}/run{run}.log",
    benchmark:
        "benchmarks/{scale}/vae/metrics/{regime}/run{run}.vae_evaluate.tsv"
    group:
        beside(CHAINS["vae"])
    resources:
        **needs("vae_evaluate"),
    params:
        settings=VAE_EVALUATE.values,
    script:
        "../../scripts/vae_evaluate.py"


rule vae_grid:
    """Of some generations of one run, as many images as the figure vae_samples shows."""
    input:
        samples=vae_drawn,
        settings=VAE_GRID.path,
        code=code_of("vae_grid.py"),
    output:
        "results/{scale}/vae/shown/{regime}.npz",
    log:
        "logs/{scale}/vae/shown/{regime}.log",
    params:
        settings=VAE_GRID.values,
    script:
        "../../scripts/vae_grid.py"
