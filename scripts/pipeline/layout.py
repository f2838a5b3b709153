"""Which files jobs take: every path that rules compute, from the configuration and wildcards."""

from pathlib import Path

REAL = "real"
# keys of a language model's setting on which generation 0's model depends, and also its samples
_MODEL_0 = ("epochs", "learning_rate", "batch_size")
_SAMPLES_0 = (*_MODEL_0, "decoding", "repetition_penalty", "temperature", "top_p", "top_k")
GENERATION_0 = {False: _MODEL_0, True: _SAMPLES_0}
# regimes whose last generation the headline numbers show: without and with data that is kept
HEADLINE_REGIMES = {"last": ("replace",), "kept": ("pool", "preserve10")}
# what shows all families together; everything else belongs to one
SHARED_FIGURES = ("feedback_loop", "pipeline")
SHARED_TABLES = ("claims", "claims_later", "collapse_profile", "headline", "fidelity")


class Layout:
    """Paths of results, and the grids of settings that tables and figures iterate over.

    Parameters
    ----------
    config : dict
        The checked configuration.
    """

    def __init__(self, config):
        self.config = config
        self.results = f"results/{config['scale']}"
        gaussian, gmm, lm = config["gaussian"], config["gmm"], config["lm"]
        self.gaussian_grid = [
            {"ddof": ddof, "size": size} for ddof in gaussian["ddof"] for size in gaussian["sizes"]
        ]
        every = gaussian["history"]["every"]
        self.gaussian_every = [
            at
            for at in self.gaussian_grid
            if at["ddof"] in every["ddof"] and at["size"] in every["sizes"]
        ]
        self.gmm_grid = [
            {"regime": regime, "data": data, **chain}
            for regime in gmm["regimes"]
            for data in gmm["data"]
            for chain in gmm["chains"]
        ]
        self.vae_generations = range(config["vae"]["last_generation"] + 1)
        self.vae_runs = [f"{run:02d}" for run in range(config["vae"]["runs"])]
        base = "pretrained" if lm["model"] == "own" else "imported"
        self.lm_base = f"{self.results}/lm/models/{base}"
        last = {setting: self.lm_generations(setting)[-1] for setting in lm["settings"]}
        self.lm_kept, self.lm_pruned = kept_and_pruned(config["keep_models"], last)

    # 1-D Gaussian

    def gaussian_start(self, w):
        """The previous job's history of models; empty if this job fits generation 0."""
        last = previous(w, self.config["gaussian"]["generations_per_job"])
        if int(last) == 0:
            return []
        chain = f"{w.regime}/ddof{w.ddof}/size{w.size}/batch{w.batch}"
        return f"{self.results}/gaussian/models/{chain}/gen{last}.npz"

    def gaussian_chains(self, w):
        """Last job of every chain of a regime: in the order of `gaussian_grid`, batch by batch."""
        gaussian = self.config["gaussian"]
        last = f"{gaussian['last_generation']:04d}"
        return [
            f"{self.results}/gaussian/models/{w.regime}/ddof{at['ddof']}/size{at['size']}"
            f"/batch{batch:02d}/gen{last}.npz"
            for at in self.gaussian_grid
            for batch in range(gaussian["runs"] // gaussian["runs_per_job"])
        ]

    def gaussian_histories(self):
        """What tables and claims read of the chains of each regime."""
        return [
            f"{self.results}/gaussian/metrics/history_{regime}.npz"
            for regime in self.config["gaussian"]["regimes"]
        ]

    # Gaussian mixture

    def gmm_model(self, at, batch, generation):
        """The block of mixtures that ends with `generation`; `at`: regime, data and size."""
        chain = f"{at['regime']}/{at['data']}/size{at['size']}/batch{batch}"
        return f"{self.results}/gmm/models/{chain}/gen{int(generation):04d}.npz"

    def gmm_start(self, w):
        """The previous job's history of models; empty if this job fits generation 0."""
        last = previous(w, self.config["gmm"]["generations_per_job"])
        return self.gmm_model(dict(w.items()), w.batch, last) if int(last) else []

    def gmm_chains(self, w=None):
        """Last job of every chain, in the order of `gmm_grid`, batch by batch."""
        gmm = self.config["gmm"]
        return [
            self.gmm_model(at, f"{batch:02d}", at["last_generation"])
            for at in self.gmm_grid
            for batch in range(gmm["runs"] // gmm["runs_per_job"])
        ]

    def gmm_last(self, w):
        """Last job of the chain that the wildcards name."""
        chains = self.config["gmm"]["chains"]
        last = next(c["last_generation"] for c in chains if c["size"] == int(w.size))
        return self.gmm_model(dict(w.items()), w.batch, last)

    def gmm_clouds(self, w=None):
        """Samples that the figure gmm_samples shows: by regime, then by truth."""
        gmm, at = self.config["gmm"], self.config["figures"]["gmm_samples"]
        batch = at["run"] // gmm["runs_per_job"]
        return [
            f"{self.results}/gmm/shown/{regime}/{data}/size{at['size']}/batch{batch:02d}.npz"
            for regime in gmm["regimes"]
            for data in gmm["data"]
        ]

    # VAE

    def vae_place(self, regime, run, generation):
        """Wildcards of the job that trains a generation.

        All regimes share generation 0, which knows real data only.
        """
        if not int(generation):
            return {"run": run}
        return {"regime": regime, "run": run, "generation": f"{int(generation):02d}"}

    def vae_file(self, kind, suffix, *, run, regime=REAL, generation="00"):
        """A file of the generation with these wildcards."""
        return f"{self.results}/vae/{kind}/{regime}/run{run}/gen{generation}.{suffix}"

    def vae_models(self, places):
        """Input function: models of the generations that `places` lists for a job's wildcards."""
        return lambda w: [self.vae_file("models", "safetensors", **place) for place in places(w)]

    def vae_sources(self, w):
        """Generations that data(g) is drawn from."""
        sources = self._sources(w.regime, w.generation)
        return [self.vae_place(w.regime, w.run, g) for g in sources if g != REAL]

    def vae_takes_real(self, w):
        """Whether data(g) contains real images."""
        return REAL in self._sources(w.regime, w.generation)

    def vae_of_run(self, w):
        """All generations of one run."""
        return [self.vae_place(w.regime, w.run, g) for g in self.vae_generations]

    def vae_in_figure(self, w):
        """Generations that the figure vae_samples shows, of the regime that the wildcards name."""
        grid = self.config["figures"]["vae_samples"]
        return [self.vae_place(w.regime, f"{grid['run']:02d}", g) for g in grid["generations"]]

    def vae_metrics(self, w=None):
        """Training metrics of every generation: by regime, then by run."""
        return [
            self.vae_file("metrics", "json", **self.vae_place(regime, run, g))
            for regime in self.config["vae"]["regimes"]
            for run in self.vae_runs
            for g in self.vae_generations
        ]

    # language models

    def lm_generations(self, setting):
        """Generations of a setting."""
        lm = self.config["lm"]
        last = lm["definitions"][setting].get("last_generation", lm["last_generation"])
        return range(last + 1)

    def lm_runs(self, setting):
        """Runs of a setting, as paths have them."""
        lm = self.config["lm"]
        return [f"{run:02d}" for run in range(lm["definitions"][setting].get("runs", lm["runs"]))]

    def lm_real(self, run):
        """Real text of a run."""
        return f"{self.results}/lm/samples/real/run{run}/data.npz"

    def lm_pretraining_text(self):
        """Text that the own model was pretrained on; empty if it came pretrained."""
        lm = self.config["lm"]
        return f"data/text/{lm['pretrain']['corpus']}/train.txt" if lm["model"] == "own" else []

    def lm_rate(self):
        """The chosen learning rate; empty if the configuration gives one."""
        rates = self.config["lm"]["train"]["learning_rate"]
        return f"{self.results}/lm/metrics/rate.json" if isinstance(rates, list) else []

    def lm_rate_trials(self, w=None):
        """One trial of each learning rate to choose from."""
        rates = self.config["lm"]["train"]["learning_rate"]
        return [f"{self.results}/lm/metrics/rates/{rate:g}.json" for rate in rates]

    def lm_origin(self, setting, kind):
        """The first setting with the same files of a kind in generation 0.

        Generation 0 is trained on real data, whatever the regime; models do not depend on how
        text is generated.
        """
        lm, own = self.config["lm"], GENERATION_0[kind == "samples"]

        def matters(name):
            setting = lm["train"] | lm["definitions"][name]
            return {key: setting.get(key) for key in own}

        return next(name for name in lm["settings"] if matters(name) == matters(setting))

    def lm_file(self, setting, kind, run, generation, suffix):
        """A file of one generation; settings with the same generation 0 share its files."""
        setting = setting if int(generation) else self.lm_origin(setting, kind)
        return f"{self.results}/lm/{kind}/{setting}/run{run}/gen{int(generation):02d}.{suffix}"

    def lm_of_run(self, kind, suffix):
        """Input function: a run's files of one kind, all generations in order."""
        return lambda w: [
            self.lm_file(w.setting, kind, w.run, g, suffix) for g in self.lm_generations(w.setting)
        ]

    def lm_training_data(self, w):
        """What data(g) is mixed from, and the weights that its training starts from."""
        lm = self.config["lm"]
        pretrained = f"{self.lm_base}/model.safetensors"
        first = self.lm_file(w.setting, "models", w.run, 0, "safetensors")
        return {
            "sources": [
                self.lm_real(w.run)
                if g == REAL
                else self.lm_file(w.setting, "samples", w.run, g, "npz")
                for g in self._sources(lm["definitions"][w.setting]["regime"], w.generation)
            ],
            "start": pretrained if lm["base"] == "pretrained" else first,
        }

    def lm_judge(self, w):
        """Generation 0's model, which judges what all generations of a run generate."""
        return self.lm_file(w.setting, "models", w.run, 0, "safetensors")

    def lm_metrics(self, kind):
        """A file of every run: by setting, then by run."""
        return [
            f"{self.results}/lm/metrics/{setting}/run{run}/{kind}.npz"
            for setting in self.config["lm"]["settings"]
            for run in self.lm_runs(setting)
        ]

    def lm_ngrams(self):
        """Losses of the n-gram model, of every run."""
        runs = max((self.lm_runs(name) for name in self.config["lm"]["settings"]), key=len)
        return [f"{self.results}/lm/metrics/ngram/run{run}.npz" for run in runs]

    def lm_grid(self):
        """Number of runs by setting: how the files of `lm_metrics` are to be read."""
        return {name: len(self.lm_runs(name)) for name in self.config["lm"]["settings"]}

    def lm_shown(self, generations):
        """Settings and generations that a figure or table shows: those that are run."""
        return {
            setting: [g for g in generations if g in self.lm_generations(setting)]
            for setting in self.config["lm"]["settings"]
        }

    def lm_examples(self, w=None):
        """Samples that the table lm_examples quotes: by setting, then by generation."""
        examples = self.config["lm"]["examples"]
        return [
            self.lm_file(setting, "samples", f"{examples['run']:02d}", g, "npz")
            for setting, generations in self.lm_shown(examples["generations"]).items()
            for g in generations
        ]

    def _sources(self, regime, generation):
        from collapse.process import generations

        from pipeline import configuration

        return generations.sources(configuration.regime(self.config, regime), int(generation))

    # what the default target makes

    def figure_names(self):
        """Names of all figures of the default target."""
        return [*SHARED_FIGURES, *self.own_figures()]

    def table_names(self):
        """Names of all tables of the default target."""
        return [*SHARED_TABLES, *self.own_tables()]

    def own_figures(self):
        """Names of the figures of the families that are run."""
        replaced = "replace" in self.config["gaussian"]["regimes"]
        figures = {
            "discrete": ("tail_cutting", "discrete_absorption"),
            "gaussian": (
                *("gaussian_estimation", *["gaussian_replace"] * replaced, "gaussian_regimes"),
                *(*["gaussian_wasserstein"] * replaced, "gaussian_growing"),
            ),
            "gmm": ("gmm_samples", "gmm_l2"),
            "kde": ("kde_variance",),
            "approximation": ("error_sources", "kernel_ridge"),
            "human_data": ("human_data_phase",),
            "ngram": ("ngram_collapse",),
            "vae": ("vae_samples", "vae_latent_density", "vae_latent_moments", "vae_collapse"),
            "lm": (
                *("lm_perplexity", "lm_histograms", "lm_histograms_3d"),
                *("lm_repetition", "lm_tail"),
            ),
        }
        return self._of_families(figures)

    def own_tables(self):
        """Names of the tables of the families that are run."""
        tables = {
            "discrete": ("discrete_absorption", "discrete_ends", "tail_cutting"),
            "gaussian": (
                *["gaussian_theory"] * ("replace" in self.config["gaussian"]["regimes"]),
                "gaussian_growing",
            ),
            "gmm": ("gmm_generations",),
            "kde": ("kde_generations",),
            "approximation": ("error_sources", "kernel_ridge"),
            "human_data": ("human_data_phase",),
            "ngram": ("ngram_generations",),
            "vae": ("vae_generations",),
            "lm": ("lm_changes", "lm_perplexity", "lm_text", "lm_examples"),
        }
        return self._of_families(tables)

    def _of_families(self, names):
        """Names of the families that are run, in the order of `names`."""
        return [
            n for family, own in names.items() if family in self.config["families"] for n in own
        ]

    def figures(self, *suffixes, names=None):
        """Files of figures, all by default, with the given endings, all by default."""
        return [
            f"{self.results}/figures/{name}.{suffix}"
            for name in (self.figure_names() if names is None else names)
            for suffix in suffixes or ("png", "pdf", "md")
        ]

    def tables(self, *suffixes, names=None):
        """Files of tables, all by default, with the given endings, by default all they have."""
        return [
            f"{self.results}/tables/{name}.{suffix}"
            for name in (self.table_names() if names is None else names)
            for suffix in suffixes or ("csv", "md", *["json"] * (name == "claims"))
        ] + (self.headline_files() if suffixes == () and names is None else [])

    # headline numbers

    def headline_files(self):
        """One file for each family: headline numbers and curves, for ``dvc metrics`` and plots."""
        return [f"{self.results}/tables/{family}.json" for family in self.headline_columns()]

    def headline_columns(self):
        """Columns of the table headline that stand for a family.

        Returns
        -------
        dict of dict
            By family that is run, then by regime; for language models by setting. Of families with
            several chains in a regime, the first.
        """
        config = self.config
        ddof, size = config["gaussian"]["ddof"][0], config["gaussian"]["sizes"][0]
        gmm = f"{config['gmm']['data'][0]}_size{config['gmm']['chains'][0]['size']}_std"
        endings = {"gaussian": f"ddof{ddof}_size{size}_std", "gmm": gmm, "vae": "latent_std"}
        names = {family: config[family]["regimes"] for family in endings}
        names["lm"], endings["lm"] = config["lm"]["settings"], "token_perplexity"
        return {
            family: {name: f"{family}_{name}_{endings[family]}" for name in names[family]}
            for family in names
            if family in config["families"]
        }

    def headline_chains(self):
        """Columns of the table headline by `HEADLINE_REGIMES`: for each family, those it has."""
        definitions = self.config["lm"]["definitions"]
        found = {family: {} for family in self.headline_columns()}
        for family, columns in self.headline_columns().items():
            for name, column in columns.items():
                regime = definitions[name]["regime"] if family == "lm" else name
                for key, regimes in HEADLINE_REGIMES.items():
                    if regime in regimes:
                        found[family].setdefault(key, column)
        return found


def previous(wildcards, generations_per_job=1):
    """Last generation of the previous job of a chain, padded like this job's."""
    last = (int(wildcards.generation) - 1) // generations_per_job * generations_per_job
    return str(last).zfill(len(wildcards.generation))


def kept_and_pruned(keep_models, last):
    """Which models stay, and which are removed once no remaining job needs them.

    Generation 0 belongs to neither: a rule of its own makes it, and its model always stays, because
    it judges what all others generate.

    Parameters
    ----------
    keep_models : {"all", "last", "none"}
    last : dict of str to int
        Last generation of each setting.

    Returns
    -------
    kept, pruned : dict of str to str
        Regular expressions for the wildcards ``setting`` and ``generation`` of paths that end with
        ``<setting>/run<run>/gen<generation>``. A setting's own last generation decides, so that its
        expression looks ahead at the generation.
    """
    ends = {
        name: {"all": 1, "last": end, "none": end + 1}[keep_models] for name, end in last.items()
    }
    removed = {name: "|".join(f"{g:02d}" for g in range(1, end)) for name, end in ends.items()}
    pruned = "|".join(rf"{name}(?=/run\d+/gen(?:{gs})\D)" for name, gs in removed.items() if gs)
    pruned = pruned or "(?!)"
    return (
        {"setting": f"(?!{pruned})(?:{'|'.join(last)})", "generation": r"(?!00\D)\d\d+"},
        {"setting": pruned, "generation": r"\d\d+"},
    )


def model_name(config):
    """The language model's name on the hub, or that of its folder: what claims are about."""
    return Path(config["lm"]["model"]).name
