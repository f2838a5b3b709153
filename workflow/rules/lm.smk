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
LM_TRAIN = {
    name: LM_MACHINE
    | {"beams": LM["beams"]}
    | LM["train"]
    | {key: value for key, value in LM["definitions"][name].items() if key != "regime"}
    for name in LM["settings"]
}
LM_REGIMES = {name: config["regimes"][LM["definitions"][name]["regime"]] for name in LM["settings"]}
LM_TABLES = {name: LM[name] for name in ("settings", "runs", "last_generation")}
LM_EXAMPLES = LM["examples"] | {"settings": LM["settings"]}
LM_FIGURES = {
    "histograms": config["figures"]["lm_histograms"]["generations"],
    "penalties": {
        name: LM["definitions"][name]["repetition_penalty"]
        for name in config["figures"]["lm_repetition"]["settings"]
    },
    **{name: LM[name] for name in ("runs", "model", "corpus")},
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
    """data(0): real text as blocks of tokens; and the real validation and test sets."""
    input:
        corpus=expand(
            "data/text/{corpus}/{split}.txt",
            corpus=LM["corpus"],
            split=["train", "validation", "test"],
        ),
        tokenizer=f"{layout.lm_base}/tokenizer.json",
        config=f"{layout.lm_base}/config.json",
    output:
        "results/{scale}/lm/samples/real/data.npz",
    log:
        "logs/{scale}/lm/samples/real/data.log",
    resources:
        **needs("lm_real"),
    params:
        settings=LM_REAL,
        code=code_of("lm/real.py"),
    script:
        "../../scripts/jobs/lm/real.py"


rule lm_train:
    """model(g), fine-tuned on data(g); and samples(g), its continuations of the prompts."""
    input:
        unpack(layout.lm_training_data),
        real=rules.lm_real.output[0],
        config=f"{layout.lm_base}/config.json",
    output:
        model="results/{scale}/lm/models/{setting}/run{run}/gen{generation}.safetensors",
        samples="results/{scale}/lm/samples/{setting}/run{run}/gen{generation}.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen{generation}.json",
    log:
        "logs/{scale}/lm/models/{setting}/run{run}/gen{generation}.log",
    wildcard_constraints:
        generation=layout.lm_kept,
    group:
        chain_group("lm")
    resources:
        **needs("lm_train"),
    params:
        settings=lambda w: LM_TRAIN[w.setting],
        regime=lambda w: LM_REGIMES[w.setting],
        prompts=LM["prompts"],
        seed=seed_of("lm", "train"),
        mix_seed=seed_of("lm", "mix", without=("generation",)),
        code=code_of("lm/train.py"),
    script:
        "../../scripts/jobs/lm/train.py"


use rule lm_train as lm_train_pruned with:
    output:
        model=temp("results/{scale}/lm/models/{setting}/run{run}/gen{generation}.safetensors"),
        samples="results/{scale}/lm/samples/{setting}/run{run}/gen{generation}.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen{generation}.json",
    wildcard_constraints:
        generation=layout.lm_pruned,


use rule lm_train as lm_train_real with:
    input:
        sources=rules.lm_real.output,
        start=f"{layout.lm_base}/model.safetensors",
        real=rules.lm_real.output[0],
        config=f"{layout.lm_base}/config.json",
    output:
        model="results/{scale}/lm/models/{setting}/run{run}/gen00.safetensors",
        samples="results/{scale}/lm/samples/{setting}/run{run}/gen00.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen00.json",
    log:
        "logs/{scale}/lm/models/{setting}/run{run}/gen00.log",
    params:
        settings=lambda w: LM_TRAIN[w.setting],
        regime={},
        prompts="original",
        # settings that train alike have the same generation 0, whatever they generate
        seed=seed_of("lm", "train", without=("setting",)),
        mix_seed=0,
        code=code_of("lm/train.py"),


rule lm_evaluate:
    """All generations of one run: on the real test set, and their text under generation 0."""
    input:
        real=rules.lm_real.output[0],
        base=f"{layout.lm_base}/model.safetensors",
        config=f"{layout.lm_base}/config.json",
        judge=layout.lm_judge,
        metrics=layout.lm_of_run("metrics", "json"),
        samples=layout.lm_of_run("samples", "npz"),
    output:
        "results/{scale}/lm/metrics/{setting}/run{run}/perplexity.npz",
    log:
        "logs/{scale}/lm/metrics/{setting}/run{run}/perplexity.log",
    group:
        chain_group("lm")
    resources:
        **needs("lm_evaluate"),
    params:
        settings=LM_MACHINE | {"last_generation": LM["last_generation"]},
        code=code_of("lm/evaluate.py"),
    script:
        "../../scripts/jobs/lm/evaluate.py"


rule lm_text:
    """All generations of one run: what repeats in their text, and what of the vocabulary is left."""
    input:
        real=rules.lm_real.output[0],
        samples=layout.lm_of_run("samples", "npz"),
    output:
        "results/{scale}/lm/metrics/{setting}/run{run}/text.json",
    log:
        "logs/{scale}/lm/metrics/{setting}/run{run}/text.log",
    group:
        cpu_group("lm")
    resources:
        **needs("lm_text"),
    params:
        settings={"last_generation": LM["last_generation"]},
        code=code_of("lm/text.py"),
    script:
        "../../scripts/jobs/lm/text.py"


rule lm_perplexity_table:
    """Perplexity of real text under every generation, and of every text under generation 0."""
    input:
        runs=layout.lm_metrics("perplexity", "npz"),
    output:
        multiext("results/{scale}/tables/lm_perplexity", csv=".csv", md=".md"),
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
        runs=layout.lm_metrics("text", "json"),
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
        real="results/{scale}/lm/samples/real/data.npz",
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
    """Perplexity of the real test set against generation, in every setting."""
    input:
        table="results/{scale}/tables/lm_perplexity.csv",
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
    """How probable generation 0 finds the text of later generations."""
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
    """The same for every generation, in three dimensions."""
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
        code=code_of("lm/repetition_figure.py", "workflow/report/lm_repetition.md"),
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
