"""Every mistake in the configuration is one sentence that names the key and the remedy."""

import math

import pytest
from collapse import configuration
from collapse.errors import UserError


def set_in(config, key, value):
    """Set a dotted key."""
    *parents, last = key.split(".")
    for name in parents:
        config = config[name]
    config[last] = value


MISTAKES = [
    ("vae.train.epoch", 5, "unknown key 'epoch': did you mean 'epochs'?"),
    ("nonsense", 1, "the configuration has an unknown key 'nonsense'"),
    ("vae.train.epochs", "five", "vae.train.epochs is 'five', but must be a whole number"),
    ("vae.train.epochs", 2.5, "must be a whole number"),
    ("vae.train.epochs", True, "must be a whole number"),
    ("vae.runs", 5.0, "vae.runs is 5.0, but must be a whole number"),
    ("vae.train.epochs", 0, "vae.train.epochs is 0: it must be at least 1"),
    ("vae.train.learning_rate", "1e-3", "must be a number: write 0.001"),
    ("vae.train.learning_rate", 0, "greater than 0"),
    ("vae.train.learning_rate", math.nan, "vae.train.learning_rate is nan"),
    ("vae.train.weight_decay", -1.0e-5, "at least 0"),
    ("vae.train.batch_size", None, "vae.train.batch_size is None"),
    ("vae.train", 3, "a mapping"),
    ("vae.architecture.channels", [16], "at least 2 entries"),
    ("vae.architecture.channels", [16, 32, 64], "at most 2 entries"),
    ("vae.images", 60001, "at most 60000"),
    ("vae.images", -5, "at least 1"),
    ("vae.samples", "endless", "choose one of finite, streaming"),
    ("vae.runs", 1, "at least 2"),
    ("vae.evaluation.images", 8001, "only 8000 (vae.images)"),
    ("vae.regimes", ["replac"], "'replac', which regimes does not define"),
    ("vae.regimes", [], "at least 1 entries"),
    ("discrete.distributions", ["zipff"], "choose one of uniform, zipf, corpus"),
    ("discrete.sizes", [10000], "at most 3000"),
    ("discrete.runs", 1, "at least 2"),
    ("discrete.tail_cutting.bin_width", 0.3, "does not divide the range"),
    ("discrete.tail_cutting.bin_width", 50.0, "does not divide the range"),
    ("discrete.tail_cutting.generations", [0, 1, 2, 3, 4, 5, 6], "name at most 6"),
    ("gaussian.sizes", [100, 100], "stands twice"),
    ("gaussian.sizes", [1], "gaussian.sizes.0 is 1: it must be at least 2"),
    ("gaussian.sizes", 100, "a list"),
    ("gaussian.ddof", [2], "choose one of 0, 1"),
    ("gaussian.std", 0, "greater than 0"),
    ("gaussian.mean", math.inf, "finite"),
    ("gaussian.runs", 201, "not a multiple of gaussian.runs_per_job"),
    ("gaussian.generations_per_job", 4, "chain of more than 200 jobs"),
    ("gmm.data", ["two"], "'two', which gmm.truths does not define: two_gaussians, one_blob"),
    ("gmm.data", "one_blob", "a list"),
    ("gmm.truths.one_blob.means", [[0, 0, 0]], "at most 2 entries"),
    ("gmm.truths.one_blob.std", 0, "greater than 0"),
    ("gmm.truths.one_blob.mean", [[0, 0]], "did you mean 'means'?"),
    ("gmm.regimes", ["replac"], "'replac', which regimes does not define"),
    ("gmm.chains", [{"size": 1000}], "lacks 'last_generation'"),
    ("gmm.chains", 2 * [{"size": 1000, "last_generation": 2000}], "one size twice"),
    ("gmm.runs", 6, "not a multiple of gmm.runs_per_job"),
    ("gmm.generations_per_job", 10, "gmm.generations_per_job is 10, which makes a chain"),
    ("gmm.fit.tol", "1e-5", "must be a number: write 1e-05"),
    ("gmm.fit.max_iter", 0, "at least 1"),
    ("figures.gmm_samples.size", 600, "does not run: choose one of 500, 1000, 10000"),
    ("figures.gmm_samples.generations", [0, 2100], "ends with 2050: raise the one or drop 2100"),
    ("figures.gmm_samples.run", 5, "at most 4"),
    ("kde.bandwidths", [0], "greater than 0"),
    ("regimes.replace.new", 1.5, "at most 1"),
    ("regimes.replace.new", 0.5, "sum to 1"),
    ("regimes.replace.subsample", True, "only with accumulate"),
    ("regimes.pool.new", 1.0, "no meaning"),
    ("regimes.pool.keep_real", False, "not what this name stands for"),
    ("regimes.replace", {"new": 0.5, "real": 0.5}, "not what this name stands for"),
    ("regimes.real", {"new": 1.0}, "generation 0"),
    ("regimes.Replace", {"new": 1.0}, "Replace"),
    ("figures.vae_samples.generations", [0, 25], "asks for 25, but vae.last_generation is 10"),
    ("figures.vae_latent_density.generations", [11], "raise the one or drop 11"),
    ("figures.vae_samples.run", 5, "at most 4"),
    ("figures.vae_samples.rows", 101, "needs 10201 images"),
    (
        "lm.settings",
        ["no_data_preserved", "penalty2", "penalty9"],
        "'penalty9', which lm.definitions does not define",
    ),
    ("lm.definitions.penalty2.regime", "pols", "'pols', which regimes does not define"),
    ("lm.definitions.penalty2.repetition_penalty", 0, "greater than 0"),
    ("lm.definitions.penalty2.epoch", 3, "did you mean 'epochs'?"),
    ("lm.blocks.train", 0, "at least 1"),
    ("lm.train.schedule", "cosine", "choose one of linear, constant"),
    ("lm.train.warmup", 2, "at most 1"),
    ("lm.precision", "fp16", "choose one of fp32, bf16"),
    ("lm.base", "own", "choose one of pretrained, generation0"),
    ("lm.prompts", "none", "choose one of original, previous"),
    ("extends", "Paper", "lower-case"),
    ("lm.corpus", "wikitext", "choose one of wikipedia_leads"),
    ("lm.pretrain.vocabulary", 200, "at least 260"),
    ("lm.pretrain.architecture.heads", 3, "3 heads do not divide"),
    ("lm.pretrain.architecture.positions", 64, "need 128: raise it"),
    ("lm.examples.generations", [0, 10], "asks for 10, but lm.last_generation is 9"),
    ("lm.examples.run", 3, "choose at most 2"),
    ("figures.lm_histograms.generations", [12], "drop 12"),
    ("figures.lm_repetition.settings", ["none"], "which lm.settings does not run"),
    ("datasets.wikitext2.path", 3, "must be text or null"),
    ("datasets.mnist.source", "hub", "choose one of"),
    ("datasets.mnist.path", 7, "text or null"),
    ("seed", -1, "at least 0"),
    ("device", "gpu", "choose one of cpu, cuda, auto"),
    ("keep_models", "first", "choose one of all, last, none"),
    ("scale", "Laptop", "lower-case"),
]


def test_the_default_has_no_mistake(config, schema):
    assert configuration.mistakes(config, schema) == []


@pytest.mark.parametrize(
    ("key", "value", "words"), MISTAKES, ids=[f"{m[0]}={m[1]}" for m in MISTAKES]
)
def test_a_mistake_is_one_sentence(config, schema, key, value, words):
    set_in(config, key, value)
    found = configuration.mistakes(config, schema)
    assert len(found) == 1, found
    assert words in found[0]
    assert "\n" not in found[0]
    assert key.split(".")[0] in found[0] or "configuration" in found[0]


def test_a_missing_key_is_named(config, schema):
    del config["vae"]["train"]["epochs"]
    assert configuration.mistakes(config, schema) == [
        "vae.train lacks 'epochs': add it as in config.yaml."
    ]


def test_streaming_has_nothing_to_mix(config, schema):
    config["vae"] |= {"samples": "streaming", "regimes": ["replace", "pool"]}
    (sentence,) = configuration.mistakes(config, schema)
    assert "'pool'" in sentence


def test_streaming_needs_the_last_model_to_go_on(config, schema):
    config["keep_models"] = "none"
    assert configuration.mistakes(config, schema) == []
    config["vae"]["samples"] = "streaming"
    (sentence,) = configuration.mistakes(config, schema)
    assert "keep_models is 'none', but vae.samples is 'streaming'" in sentence
    config["keep_models"] = "last"
    assert configuration.mistakes(config, schema) == []


def test_a_file_instead_of_a_folder(config, schema, tmp_path):
    (tmp_path / "file").touch()
    config["datasets"]["mnist"] = {"source": "path", "path": str(tmp_path / "file")}
    (sentence,) = configuration.mistakes(config, schema)
    assert "which is a file" in sentence
    config["datasets"]["mnist"] = {"source": "path", "path": None}
    assert "is null" in configuration.mistakes(config, schema)[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "line 3"),
        ("a: 1\n\tb: 2\n", "line 2"),
        ("", "holds no 'key: value' lines"),
        ("- 1\n- 2\n", "holds no 'key: value' lines"),
    ],
)
def test_broken_yaml_names_file_and_line(tmp_path, text, words):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"mine\.yaml") as caught:
        configuration.read_yaml(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_scale_is_its_file(tmp_path):
    (tmp_path / "mine.yaml").write_text("scale: smoke\n")
    (tmp_path / "good.yaml").write_text("scale: good\n")
    assert configuration.overlays("good", tmp_path) == [tmp_path / "good.yaml"]
    with pytest.raises(UserError, match=r"mine\.yaml says scale: smoke"):
        configuration.overlays("mine", tmp_path)
    for name in ("../mine", "huge", None):
        with pytest.raises(UserError, match="choose one of laptop, good, mine, or add"):
            configuration.overlays(name, tmp_path)


def test_a_scale_can_extend_another(tmp_path):
    def write(name, extends):
        (tmp_path / f"{name}.yaml").write_text(f"scale: {name}\nextends: {extends}\n")
        return tmp_path / f"{name}.yaml"

    base, upper = write("base", "laptop"), write("upper", "base")
    top = write("top", "upper")
    assert configuration.overlays("laptop", tmp_path) == []
    assert configuration.overlays("top", tmp_path) == [base, upper, top]
    write("base", "huge")
    with pytest.raises(
        UserError, match=r"base\.yaml: extends is 'huge': choose one of laptop, base"
    ):
        configuration.overlays("top", tmp_path)
    write("base", "upper")
    with pytest.raises(
        UserError, match=r"base\.yaml closes a circle of extends among base, upper, top"
    ):
        configuration.overlays("top", tmp_path)


def test_previous_prompts_need_generations_of_one_size(config, schema):
    config["lm"]["prompts"] = "previous"
    assert configuration.mistakes(config, schema) == []
    config["lm"]["definitions"]["penalty2"]["regime"] = "pool"
    (sentence,) = configuration.mistakes(config, schema)
    assert "the regime of 'penalty2' accumulates" in sentence


def test_several_mistakes_are_several_sentences(config, schema):
    set_in(config, "vae.runs", 0)
    set_in(config, "gaussian.std", -1)
    assert len(configuration.mistakes(config, schema)) == 2
