"""Which files a job takes: input functions, one place for every path that is computed."""

GAUSSIAN = config["gaussian"]
GAUSSIAN_GRID = [{"ddof": d, "size": m} for d in GAUSSIAN["ddof"] for m in GAUSSIAN["sizes"]]
DISCRETE = config["discrete"]
GMM = config["gmm"]
GMM_GRID = [
    {"regime": regime, "data": data, **chain}
    for regime in GMM["regimes"]
    for data in GMM["data"]
    for chain in GMM["chains"]
]
VAE = config["vae"]
VAE_GENERATIONS = range(VAE["last_generation"] + 1)
VAE_RUNS = [f"{run:02d}" for run in range(VAE["runs"])]

LM = config["lm"]
LM_GENERATIONS = range(LM["last_generation"] + 1)
LM_RUNS = [f"{run:02d}" for run in range(LM["runs"])]
# the base model: pretrained here, or taken from elsewhere
LM_BASE = f"results/{SCALE}/lm/models/{'pretrained' if LM['model'] == 'own' else 'imported'}"


def gaussian_start(w):
    """The job before: its history of models, or nothing where generation 0 is still to be fitted."""
    last = previous(w, GAUSSIAN["generations_per_job"])
    if int(last) == 0:
        return []
    chain = f"{w.regime}/ddof{w.ddof}/size{w.size}/batch{w.batch}"
    return f"results/{w.scale}/gaussian/models/{chain}/gen{last}.npz"


def gaussian_chains(w):
    """Last job of every chain of the regime that the wildcards name, or of replace."""
    return gaussian_models(w.scale, w.get("regime", "replace"))


def gaussian_models(scale, regime):
    """Last job of every chain of a regime, in the order of GAUSSIAN_GRID, batches within it."""
    last = f"{GAUSSIAN['last_generation']:04d}"
    folder = f"results/{scale}/gaussian/models/{regime}"
    return [
        f"{folder}/ddof{at['ddof']}/size{at['size']}/batch{batch:02d}/gen{last}.npz"
        for at in GAUSSIAN_GRID
        for batch in range(GAUSSIAN["runs"] // GAUSSIAN["runs_per_job"])
    ]


def gmm_model(scale, at, batch, generation):
    """The file of a block of mixtures that ends with `generation`; `at`: regime, data and size."""
    chain = f"{at['regime']}/{at['data']}/size{at['size']}/batch{batch}"
    return f"results/{scale}/gmm/models/{chain}/gen{int(generation):04d}.npz"


def gmm_start(w):
    """The job before: its history of models, or nothing where generation 0 is still to be fitted."""
    last = previous(w, GMM["generations_per_job"])
    return gmm_model(w.scale, dict(w.items()), w.batch, last) if int(last) else []


def gmm_chains(w):
    """Last job of every chain, in the order of GMM_GRID, batches within it."""
    return [
        gmm_model(w.scale, at, f"{batch:02d}", at["last_generation"])
        for at in GMM_GRID
        for batch in range(GMM["runs"] // GMM["runs_per_job"])
    ]


def gmm_last(w):
    """Last job of the one chain that the wildcards name."""
    last = next(c["last_generation"] for c in GMM["chains"] if c["size"] == int(w.size))
    return gmm_model(w.scale, dict(w.items()), w.batch, last)


def gmm_clouds(w):
    """Samples of the figure gmm_samples, regime by regime, truth by truth."""
    at = config["figures"]["gmm_samples"]
    return expand(
        "results/{{scale}}/gmm/shown/{regime}/{data}/size{size}/batch{batch:02d}.npz",
        regime=GMM["regimes"],
        data=GMM["data"],
        size=at["size"],
        batch=at["run"] // GMM["runs_per_job"],
    )


def kept_and_pruned(last_generation):
    """Patterns of the generations whose models stay, and of those whose models go once nothing that
    is still to run needs them.

    Generation 0 belongs to neither: a rule of its own makes it, and its model always stays, because
    it judges what all others draw.
    """
    gone = {"all": 1, "last": last_generation, "none": last_generation + 1}
    names = [f"{generation:02d}" for generation in range(1, gone[config["keep_models"]])]
    nothing = "(?!)"
    return rf"(?!(?:{'|'.join(['00', *names])})\D)\d\d+", "|".join(names) or nothing


VAE_KEPT, VAE_PRUNED = kept_and_pruned(VAE["last_generation"])
LM_KEPT, LM_PRUNED = kept_and_pruned(LM["last_generation"])


def vae_file(scale, regime, kind, run, generation, suffix):
    """A file of one generation; generation 0 knows only real data, so all regimes share it."""
    regime = regime if int(generation) else generations.REAL
    return f"results/{scale}/vae/{kind}/{regime}/run{run}/gen{int(generation):02d}.{suffix}"


def vae_training_data(w):
    """What data(g) is mixed from: sample files, or the model that streams them."""
    if VAE["samples"] == "streaming":
        return {"teacher": vae_file(w.scale, w.regime, "models", w.run, previous(w), "safetensors")}
    real = f"results/{w.scale}/vae/samples/real/data.npz"
    names = generations.sources(configuration.regime(config, w.regime), int(w.generation))
    return {
        "sources": [
            (
                real
                if g == generations.REAL
                else vae_file(w.scale, w.regime, "samples", w.run, g, "npz")
            )
            for g in names
        ]
    }


def vae_drawn(w):
    """Sample files of the figure vae_samples, of the regime that the wildcards name."""
    grid = config["figures"]["vae_samples"]
    return [
        vae_file(w.scale, w.regime, "samples", f"{grid['run']:02d}", generation, "npz")
        for generation in grid["generations"]
    ]


def lm_origin(setting):
    """The first setting whose generation 0 is the same: trained on real data, so without regard
    to the regime."""

    def matters(name):
        return {k: v for k, v in LM["definitions"][name].items() if k != "regime"}

    return next(name for name in LM["settings"] if matters(name) == matters(setting))


def lm_file(scale, setting, kind, run, generation, suffix):
    """A file of one generation; settings that agree on generation 0 share it."""
    setting = setting if int(generation) else lm_origin(setting)
    return f"results/{scale}/lm/{kind}/{setting}/run{run}/gen{int(generation):02d}.{suffix}"


def lm_generations(kind, suffix):
    """Input function: a run's files of one kind, all generations in order."""
    return lambda w: [lm_file(w.scale, w.setting, kind, w.run, g, suffix) for g in LM_GENERATIONS]


def lm_training_data(w):
    """What data(g) is mixed from, and the weights that its training starts from."""
    regime = LM["definitions"][w.setting]["regime"]
    names = generations.sources(configuration.regime(config, regime), int(w.generation))
    real = f"results/{w.scale}/lm/samples/real/data.npz"
    own = LM["base"] == "pretrained"
    return {
        "sources": [
            (
                real
                if g == generations.REAL
                else lm_file(w.scale, w.setting, "samples", w.run, g, "npz")
            )
            for g in names
        ],
        "start": (
            f"{LM_BASE}/model.safetensors"
            if own
            else lm_file(w.scale, w.setting, "models", w.run, 0, "safetensors")
        ),
    }


def lm_runs(kind, suffix):
    """A file of every run of every setting, in this order."""
    return expand(
        "results/{{scale}}/lm/metrics/{setting}/run{run}/{kind}.{suffix}",
        setting=LM["settings"],
        run=LM_RUNS,
        kind=kind,
        suffix=suffix,
    )


def figures():
    """All figures of the default target."""
    names = [
        "feedback_loop",
        "gaussian_estimation",
        *expand("gaussian_{regime}", regime=GAUSSIAN["regimes"]),
        *["gaussian_wasserstein"] * ("replace" in GAUSSIAN["regimes"]),
        *["gaussian_growing", "discrete_absorption", "tail_cutting"],
        *["gmm_samples", "gmm_l2", "kde_variance"],
        *["vae_samples", "vae_latent_density", "vae_latent_moments", "vae_collapse"],
        *["lm_perplexity", "lm_histograms", "lm_histograms_3d", "lm_repetition", "lm_tail"],
    ]
    return expand(
        "results/{scale}/figures/{name}.{suffix}",
        scale=SCALE,
        name=names,
        suffix=["png", "pdf", "md"],
    )


def tables():
    """All tables of the default target."""
    names = [
        *["claims", "headline"],
        *["gaussian_theory"] * ("replace" in GAUSSIAN["regimes"]),
        *["gaussian_growing", "discrete_absorption", "discrete_ends", "tail_cutting", "fidelity"],
        *[
            "gmm_generations",
            "kde_generations",
            "vae_generations",
            "lm_perplexity",
            "lm_text",
            "lm_examples",
        ],
    ]
    return expand(
        "results/{scale}/tables/{name}.{suffix}", scale=SCALE, name=names, suffix=["csv", "md"]
    ) + [f"results/{SCALE}/tables/{name}.json" for name in ("claims", "headline")]
