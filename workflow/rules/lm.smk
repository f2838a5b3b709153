"""Language models: every generation is fine-tuned on what the previous one wrote."""

LM = config["lm"]
LM_CUT = {
    "line_start": LM["blocks"]["line_start"],
    "cut": {name: LM["blocks"][name] for name in ("length", "lines_per_chunk")},
}
LM_MACHINE = {"device": config["device"], "precision": LM["precision"]}
LM_PRETRAIN = (
    LM["pretrain"]["train"]
    | LM_MACHINE
    | LM_CUT
    | {name: LM["pretrain"][name] for name in ("corpus", "vocabulary", "architecture")}
    | {"blocks": [LM["pretrain"]["blocks"][name] for name in ("train", "validation")]}
)
LM_REAL = LM_CUT | {
    "blocks": {name: LM["blocks"][name] for name in ("train", "validation", "test")},
    **{name: LM[name] for name in ("model", "revision", "corpus")},
}
# a setting's own values take precedence over those that all settings share
LM_SETTINGS = {
    name: LM_MACHINE | {"beams": LM["beams"]} | LM["train"] | LM["definitions"][name]
    for name in LM["settings"]
}
LM_NOT_TRAINING = ("regime", "runs", "last_generation")
LM_TRAIN = {
    name: {key: value for key, value in setting.items() if key not in LM_NOT_TRAINING}
    for name, setting in LM_SETTINGS.items()
}
LM_REGIMES = {name: config["regimes"][LM["definitions"][name]["regime"]] for name in LM["settings"]}
LM_TABLES = {"settings": layout.lm_grid()}
LM_EXAMPLES = {"prompt": LM["examples"]["prompt"]} | {
    "settings": layout.lm_shown(LM["examples"]["generations"])
}
LM_FIGURES = {
    "histograms": layout.lm_shown(config["figures"]["lm_histograms"]["generations"]),
    "penalties": {
        name: LM["definitions"][name]["repetition_penalty"]
        for name in config["figures"]["lm_repetition"]["settings"]
    },
    "runs": layout.lm_grid(),
    "pretrain": {name: LM["pretrain"][name] for name in ("architecture", "vocabulary")},
    **{name: LM[name] for name in ("model", "corpus")},
}


rule lm_pretrain:
    """A small model and its tokenizer, trained on a corpus of its own."""
    input:
        corpus=expand(
            "data/text/{corpus}/{split}.txt",
            corpus=LM["pretrain"]["corpus"],
            split=["train", "validation"],
        ),
    output:
        tokenizer="results/{scale}/lm/models/pretrained/tokenizer.json",
        config="results/{scale}/lm/models/pretrained/config.json",
        model="results/{scale}/lm/models/pretrained/model.safetensors",
        metrics="results/{scale}/lm/metrics/pretrained.json",
    log:
        "logs/{scale}/lm/models/pretrained.log",
    resources:
        **needs("lm_pretrain"),
    params:
        settings=LM_PRETRAIN,
        seed=seed_of("lm", "pretrain"),
        code=code_of("lm/pretrain.py"),
    script:
        "../../scripts/jobs/lm/pretrain.py"


rule lm_import:
    """A pretrained model and its tokenizer from the hub, a folder or a package."""
    input:
        lambda w: external.of_model(LM["model"]),
    output:
        tokenizer="results/{scale}/lm/models/imported/tokenizer.json",
        config="results/{scale}/lm/models/imported/config.json",
        model="results/{scale}/lm/models/imported/model.safetensors",
        metrics="results/{scale}/lm/metrics/imported.json",
    log:
        "logs/{scale}/lm/models/imported.log",
    params:
        settings={name: LM[name] for name in ("model", "revision")},
        code=code_of("lm/import.py"),
    script:
        "../../scripts/jobs/lm/import.py"


rule lm_real:
    """data(0) of a run: real text as blocks of tokens; and the validation and test sets."""
    input:
        **{name: f"data/text/{LM['corpus']}/{name}.txt" for name in ("train", "validation", "test")},
        documents=f"data/text/{LM['corpus']}/documents.json",
        tokenizer=f"{layout.lm_base}/tokenizer.json",
        config=f"{layout.lm_base}/config.json",
    output:
        "results/{scale}/lm/samples/real/run{run}/data.npz",
    log:
        "logs/{scale}/lm/samples/real/run{run}/data.log",
    resources:
        **needs("lm_real"),
    params:
        settings=LM_REAL,
        seed=seed_of("lm", "blocks", without=("run",)),
        code=code_of("lm/real.py"),
    script:
        "../../scripts/jobs/lm/real.py"


rule lm_rate_trial:
    """Fine-tune on the first run's data(0) with one of the learning rates to choose from."""
    input:
        start=f"{layout.lm_base}/model.safetensors",
        real=layout.lm_real("00"),
        config=f"{layout.lm_base}/config.json",
    output:
        "results/{scale}/lm/metrics/rates/{rate}.json",
    log:
        "logs/{scale}/lm/metrics/rates/{rate}.log",
    resources:
        **needs("lm_train"),
    params:
        # a trial makes all epochs, whether or not the next one is better
        settings=LM_TRAIN[LM["settings"][0]] | {"patience": None},
        seed=seed_of("lm", "rate", without=("rate",)),
        code=code_of("lm/rate_trial.py"),
    script:
        "../../scripts/jobs/lm/rate_trial.py"


rule lm_rate:
    """The learning rate of all generations: the best one for generation 0's validation loss."""
    input:
        lambda w: layout.lm_rate_trials(),
    output:
        "results/{scale}/lm/metrics/rate.json",
    log:
        "logs/{scale}/lm/metrics/rate.log",
    params:
        code=code_of("lm/rate.py"),
    script:
        "../../scripts/jobs/lm/rate.py"


rule lm_train:
    """model(g), fine-tuned on data(g); and samples(g), its continuations of the prompts."""
    input:
        unpack(layout.lm_training_data),
        real=lambda w: layout.lm_real(w.run),
        config=f"{layout.lm_base}/config.json",
        rate=layout.lm_rate(),
    output:
        model="results/{scale}/lm/models/{setting}/run{run}/gen{generation}.safetensors",
        samples="results/{scale}/lm/samples/{setting}/run{run}/gen{generation}.npz",
        losses="results/{scale}/lm/metrics/{setting}/run{run}/gen{generation}.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen{generation}.json",
    log:
        "logs/{scale}/lm/models/{setting}/run{run}/gen{generation}.log",
    wildcard_constraints:
        **layout.lm_kept,
    group:
        chain_group("lm")
    resources:
        **needs("lm_train"),
    params:
        settings=lambda w: LM_TRAIN[w.setting],
        regime=lambda w: LM_REGIMES[w.setting],
        prompts=LM["prompts"],
        seed=seed_of("lm", "train"),
        # settings that mix real items in take the same ones
        mix_seed=seed_of("lm", "mix", without=("setting", "generation")),
        sampling_seed=seed_of("lm", "generate"),
        code=code_of("lm/train.py"),
    script:
        "../../scripts/jobs/lm/train.py"


use rule lm_train as lm_train_pruned with:
    output:
        model=temp("results/{scale}/lm/models/{setting}/run{run}/gen{generation}.safetensors"),
        samples="results/{scale}/lm/samples/{setting}/run{run}/gen{generation}.npz",
        losses="results/{scale}/lm/metrics/{setting}/run{run}/gen{generation}.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen{generation}.json",
    wildcard_constraints:
        **layout.lm_pruned,


use rule lm_train as lm_train_real with:
    input:
        sources=lambda w: [layout.lm_real(w.run)],
        start=f"{layout.lm_base}/model.safetensors",
        real=lambda w: layout.lm_real(w.run),
        config=f"{layout.lm_base}/config.json",
        rate=layout.lm_rate(),
    output:
        model="results/{scale}/lm/models/{setting}/run{run}/gen00.safetensors",
        losses="results/{scale}/lm/metrics/{setting}/run{run}/gen00.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen00.json",
    log:
        "logs/{scale}/lm/models/{setting}/run{run}/gen00.log",
    params:
        settings=lambda w: LM_TRAIN[w.setting],
        regime={},
        # settings that train alike have the same generation 0, whatever they generate
        seed=seed_of("lm", "train", without=("setting",)),
        mix_seed=0,
        code=code_of("lm/train.py"),


rule lm_generate:
    """samples(0): how model(0) continues the prompts."""
    input:
        model=layout.lm_judge,
        real=lambda w: layout.lm_real(w.run),
        config=f"{layout.lm_base}/config.json",
    output:
        "results/{scale}/lm/samples/{setting}/run{run}/gen00.npz",
    log:
        "logs/{scale}/lm/samples/{setting}/run{run}/gen00.log",
    group:
        chain_group("lm")
    resources:
        **needs("lm_train"),
    params:
        settings=lambda w: LM_TRAIN[w.setting],
        seed=seed_of("lm", "generate"),
        code=code_of("lm/generate.py"),
    script:
        "../../scripts/jobs/lm/generate.py"


rule lm_evaluate:
    """All generations of one run: on the real test set, and their text under generation 0."""
    input:
        real=lambda w: layout.lm_real(w.run),
        base=f"{layout.lm_base}/model.safetensors",
        config=f"{layout.lm_base}/config.json",
        judge=layout.lm_judge,
        losses=layout.lm_of_run("metrics", "npz"),
        samples=layout.lm_of_run("samples", "npz"),
    output:
        "results/{scale}/lm/metrics/{setting}/run{run}/losses.npz",
    log:
        "logs/{scale}/lm/metrics/{setting}/run{run}/losses.log",
    group:
        chain_group("lm")
    resources:
        **needs("lm_evaluate"),
    params:
        settings=LM_MACHINE,
        code=code_of("lm/evaluate.py"),
    script:
        "../../scripts/jobs/lm/evaluate.py"


rule lm_ngram:
    """How well an n-gram model of all the text that a run has seen predicts the test text."""
    input:
        real=lambda w: layout.lm_real(w.run),
        seen=layout.lm_pretraining_text(),
        tokenizer=f"{layout.lm_base}/tokenizer.json",
        config=f"{layout.lm_base}/config.json",
    output:
        "results/{scale}/lm/metrics/ngram/run{run}.npz",
    log:
        "logs/{scale}/lm/metrics/ngram/run{run}.log",
    resources:
        **needs("lm_text"),
    params:
        settings=LM_CUT,
        code=code_of("lm/ngram.py"),
    script:
        "../../scripts/jobs/lm/ngram.py"


rule lm_text:
    """All generations of one run: what repeats in their text, and what of the vocabulary is left."""
    input:
        real=lambda w: layout.lm_real(w.run),
        samples=layout.lm_of_run("samples", "npz"),
    output:
        "results/{scale}/lm/metrics/{setting}/run{run}/text.npz",
    log:
        "logs/{scale}/lm/metrics/{setting}/run{run}/text.log",
    group:
        cpu_group("lm")
    resources:
        **needs("lm_text"),
    params:
        code=code_of("lm/text.py"),
    script:
        "../../scripts/jobs/lm/text.py"


rule lm_perplexity_table:
    """Perplexity of real text under every generation, and of every text under generation 0."""
    input:
        runs=layout.lm_metrics("losses"),
    output:
        multiext("results/{scale}/tables/lm_perplexity", csv=".csv", md=".md"),
        changes="results/{scale}/tables/lm_changes.csv",
        changes_md="results/{scale}/tables/lm_changes.md",
        histograms="results/{scale}/tables/lm_histograms.csv",
    log:
        "logs/{scale}/tables/lm_perplexity.log",
    params:
        **LM_TABLES,
        code=code_of("lm/perplexity_table.py"),
    script:
        "../../scripts/jobs/lm/perplexity_table.py"


rule lm_text_table:
    """What repeats and what is lost in the text of every generation, over runs."""
    input:
        runs=layout.lm_metrics("text"),
    output:
        multiext("results/{scale}/tables/lm_text", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/lm_text.log",
    params:
        **LM_TABLES,
        code=code_of("lm/text_table.py"),
    script:
        "../../scripts/jobs/lm/text_table.py"


rule lm_examples:
    """One real block of text, and how several generations continue it."""
    input:
        tokenizer=f"{layout.lm_base}/tokenizer.json",
        real=layout.lm_real(f"{LM['examples']['run']:02d}"),
        samples=layout.lm_examples,
    output:
        multiext("results/{scale}/tables/lm_examples", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/lm_examples.log",
    params:
        **LM_EXAMPLES,
        code=code_of("lm/examples_table.py"),
    script:
        "../../scripts/jobs/lm/examples_table.py"


rule lm_perplexity:
    """Loss and perplexity of the real test set against generation, in every setting."""
    input:
        table="results/{scale}/tables/lm_perplexity.csv",
        changes="results/{scale}/tables/lm_changes.csv",
    output:
        figure("results/{scale}/figures/lm_perplexity"),
    log:
        "logs/{scale}/figures/lm_perplexity.log",
    params:
        **LM_FIGURES,
        code=code_of(
            "lm/perplexity_figure.py",
            "reference/published_values.csv",
            "workflow/report/lm_perplexity.md",
        ),
    script:
        "../../scripts/jobs/lm/perplexity_figure.py"


rule lm_histograms:
    """How probable generation 0 finds the text of later generations: histograms and their tails."""
    input:
        table="results/{scale}/tables/lm_histograms.csv",
    output:
        figure("results/{scale}/figures/lm_histograms"),
    log:
        "logs/{scale}/figures/lm_histograms.log",
    params:
        **LM_FIGURES,
        code=code_of("lm/histograms_figure.py", "workflow/report/lm_histograms.md"),
    script:
        "../../scripts/jobs/lm/histograms_figure.py"


rule lm_histograms_3d:
    """The same histograms for every generation, in rows."""
    input:
        table="results/{scale}/tables/lm_histograms.csv",
    output:
        figure("results/{scale}/figures/lm_histograms_3d"),
    log:
        "logs/{scale}/figures/lm_histograms_3d.log",
    params:
        **LM_FIGURES,
        code=code_of("lm/histograms_3d_figure.py", "workflow/report/lm_histograms_3d.md"),
    script:
        "../../scripts/jobs/lm/histograms_3d_figure.py"


rule lm_repetition:
    """What a repetition penalty changes."""
    input:
        table="results/{scale}/tables/lm_perplexity.csv",
        texts="results/{scale}/tables/lm_text.csv",
        histograms="results/{scale}/tables/lm_histograms.csv",
    output:
        figure("results/{scale}/figures/lm_repetition"),
    log:
        "logs/{scale}/figures/lm_repetition.log",
    params:
        **LM_FIGURES,
        code=code_of(
            "lm/repetition_figure.py",
            "reference/published_values.csv",
            "workflow/report/lm_repetition.md",
        ),
    script:
        "../../scripts/jobs/lm/repetition_figure.py"


rule lm_tail:
    """What is lost from the vocabulary and what repeats, against generation."""
    input:
        table="results/{scale}/tables/lm_text.csv",
    output:
        figure("results/{scale}/figures/lm_tail"),
    log:
        "logs/{scale}/figures/lm_tail.log",
    params:
        **LM_FIGURES,
        code=code_of("lm/tail_figure.py", "workflow/report/lm_tail.md"),
    script:
        "../../scripts/jobs/lm/tail_figure.py"


rule lm:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("lm"),
