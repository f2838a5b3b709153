"""Language models: every generation is fine-tuned on what the one before it wrote."""

LM_CUT = {name: LM["blocks"][name] for name in ("length", "lines_per_chunk")}
LM_MACHINE = {"device": config["device"], "precision": LM["precision"]}
LM_PRETRAIN = settings(
    "lm_pretrain",
    corpus=LM["pretrain"]["corpus"],
    **LM_MACHINE,
    **{name: LM["pretrain"][name] for name in ("vocabulary", "architecture")},
    **LM["pretrain"]["train"],
    blocks=[LM["pretrain"]["blocks"][name] for name in ("train", "validation")],
    cut=LM_CUT,
    line_start=LM["blocks"]["line_start"],
)
LM_IMPORT = settings("lm_import", model=LM["model"], revision=LM["revision"])
LM_REAL = settings(
    "lm_real",
    **{name: LM[name] for name in ("model", "revision", "corpus")},
    blocks={name: LM["blocks"][name] for name in ("train", "validation", "test")},
    cut=LM_CUT,
    line_start=LM["blocks"]["line_start"],
)
# a setting's own numbers stand before those that all share
LM_TRAIN = {
    name: settings(
        f"lm_train_{name}",
        **LM_MACHINE,
        beams=LM["beams"],
        **LM["train"]
        | {key: value for key, value in LM["definitions"][name].items() if key != "regime"},
    )
    for name in LM["settings"]
}
# how a setting's generations follow from each other; generation 0 knows nothing of it
LM_CHAIN = {
    name: settings(
        f"lm_chain_{name}",
        base=LM["base"],
        prompts=LM["prompts"],
        regime=LM["definitions"][name]["regime"],
    )
    for name in LM["settings"]
}
# a run's generations lie in one file: how many there are is said here, for it to be made again where
# Snakemake has no memory of what it was made from
LM_EVALUATE = settings("lm_evaluate", **LM_MACHINE, last_generation=LM["last_generation"])
LM_TEXT = settings("lm_text", last_generation=LM["last_generation"])


rule lm_pretrain:
    """A small model and its tokenizer, trained on a corpus of its own."""
    input:
        corpus=expand(
            "data/text/{corpus}/{split}.txt",
            corpus=LM["pretrain"]["corpus"],
            split=["train", "validation"],
        ),
        settings=LM_PRETRAIN.path,
        code=code_of("lm_pretrain.py"),
    output:
        tokenizer="results/{scale}/lm/models/pretrained/tokenizer.json",
        config="results/{scale}/lm/models/pretrained/config.json",
        model="results/{scale}/lm/models/pretrained/model.safetensors",
        metrics="results/{scale}/lm/metrics/pretrained.json",
    log:
        "logs/{scale}/lm/models/pretrained.log",
    benchmark:
        "benchmarks/{scale}/lm/models/pretrained.lm_pretrain.tsv"
    resources:
        **needs("lm_pretrain"),
    params:
        settings=LM_PRETRAIN.values,
        seed=seed_of("lm", "pretrain"),
    script:
        "../../scripts/lm_pretrain.py"


rule lm_import:
    """A pretrained model and its tokenizer from the hub, a folder or a package."""
    input:
        settings=LM_IMPORT.path,
        code=code_of("lm_import.py"),
    output:
        tokenizer="results/{scale}/lm/models/imported/tokenizer.json",
        config="results/{scale}/lm/models/imported/config.json",
        model="results/{scale}/lm/models/imported/model.safetensors",
        metrics="results/{scale}/lm/metrics/imported.json",
    log:
        "logs/{scale}/lm/models/imported.log",
    params:
        settings=LM_IMPORT.values,
    script:
        "../../scripts/lm_import.py"


rule lm_real:
    """data(0): real text as blocks of tokens; and the real validation and test sets."""
    input:
        corpus=expand(
            "data/text/{corpus}/{split}.txt",
            corpus=LM["corpus"],
            split=["train", "validation", "test"],
        ),
        tokenizer=f"{LM_BASE}/tokenizer.json",
        config=f"{LM_BASE}/config.json",
        settings=LM_REAL.path,
        code=code_of("lm_real.py"),
    output:
        "results/{scale}/lm/samples/real/data.npz",
    log:
        "logs/{scale}/lm/samples/real/data.log",
    resources:
        **needs("lm_real"),
    params:
        settings=LM_REAL.values,
    script:
        "../../scripts/lm_real.py"


rule lm_train:
    """model(g), fine-tuned on data(g); and samples(g), its continuations of the prompts."""
    input:
        unpack(lm_training_data),
        real=rules.lm_real.output[0],
        config=f"{LM_BASE}/config.json",
        regime=lambda w: REGIMES[LM["definitions"][w.setting]["regime"]].path,
        settings=lambda w: LM_TRAIN[w.setting].path,
        chain=lambda w: LM_CHAIN[w.setting].path,
        code=code_of("lm_train.py"),
    output:
        model="results/{scale}/lm/models/{setting}/run{run}/gen{generation}.safetensors",
        samples="results/{scale}/lm/samples/{setting}/run{run}/gen{generation}.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen{generation}.json",
    log:
        "logs/{scale}/lm/models/{setting}/run{run}/gen{generation}.log",
    benchmark:
        "benchmarks/{scale}/lm/models/{setting}/run{run}/gen{generation}.lm_train.tsv"
    wildcard_constraints:
        generation=LM_KEPT,
    group:
        CHAINS["lm"]
    resources:
        **needs("lm_train"),
    params:
        settings=lambda w: LM_TRAIN[w.setting].values,
        regime=lambda w: config["regimes"][LM["definitions"][w.setting]["regime"]],
        prompts=LM["prompts"],
        seed=seed_of("lm", "train"),
        mix_seed=seed_of("lm", "mix", without=("generation",)),
    script:
        "../../scripts/lm_train.py"


use rule lm_train as lm_train_pruned with:
    output:
        model=temp("results/{scale}/lm/models/{setting}/run{run}/gen{generation}.safetensors"),
        samples="results/{scale}/lm/samples/{setting}/run{run}/gen{generation}.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen{generation}.json",
    wildcard_constraints:
        generation=LM_PRUNED,


use rule lm_train as lm_train_real with:
    input:
        sources=rules.lm_real.output,
        start=f"{LM_BASE}/model.safetensors",
        real=rules.lm_real.output[0],
        config=f"{LM_BASE}/config.json",
        settings=lambda w: LM_TRAIN[w.setting].path,
        code=code_of("lm_train.py"),
    output:
        model="results/{scale}/lm/models/{setting}/run{run}/gen00.safetensors",
        samples="results/{scale}/lm/samples/{setting}/run{run}/gen00.npz",
        metrics="results/{scale}/lm/metrics/{setting}/run{run}/gen00.json",
    log:
        "logs/{scale}/lm/models/{setting}/run{run}/gen00.log",
    benchmark:
        "benchmarks/{scale}/lm/models/{setting}/run{run}/gen00.lm_train.tsv"
    params:
        settings=lambda w: LM_TRAIN[w.setting].values,
        regime={},
        prompts="original",
        # settings that train alike have the same generation 0, whatever they generate
        seed=seed_of("lm", "train", without=("setting",)),
        mix_seed=0,


rule lm_evaluate:
    """All generations of one run: on the real test set, and their text under generation 0."""
    input:
        real=rules.lm_real.output[0],
        base=f"{LM_BASE}/model.safetensors",
        config=f"{LM_BASE}/config.json",
        judge=lambda w: lm_file(w.scale, w.setting, "models", w.run, 0, "safetensors"),
        metrics=lm_generations("metrics", "json"),
        samples=lm_generations("samples", "npz"),
        settings=LM_EVALUATE.path,
        code=code_of("lm_evaluate.py"),
    output:
        "results/{scale}/lm/metrics/{setting}/run{run}/perplexity.npz",
    log:
        "logs/{scale}/lm/metrics/{setting}/run{run}/perplexity.log",
    benchmark:
        "benchmarks/{scale}/lm/metrics/{setting}/run{run}.lm_evaluate.tsv"
    group:
        CHAINS["lm"]
    resources:
        **needs("lm_evaluate"),
    params:
        settings=LM_EVALUATE.values,
    script:
        "../../scripts/lm_evaluate.py"


rule lm_text:
    """All generations of one run: what repeats in their text, and what of the vocabulary is left."""
    input:
        real=rules.lm_real.output[0],
        samples=lm_generations("samples", "npz"),
        settings=LM_TEXT.path,
        code=code_of("lm_text.py"),
    output:
        "results/{scale}/lm/metrics/{setting}/run{run}/text.json",
    log:
        "logs/{scale}/lm/metrics/{setting}/run{run}/text.log",
    group:
        beside(CHAINS["lm"])
    resources:
        **needs("lm_text"),
    params:
        settings=LM_TEXT.values,
    script:
        "../../scripts/lm_text.py"
