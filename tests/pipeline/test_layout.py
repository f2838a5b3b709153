"""Paths that rules compute."""

import json
import re
from types import SimpleNamespace

import pytest
from pipeline import configuration, layout


@pytest.mark.parametrize(
    ("generation", "block", "before"),
    [
        ("1000", 250, "0750"),
        ("0250", 250, "0000"),
        ("1002", 500, "1000"),
        ("03", 1, "02"),
        ("01", 1, "00"),
    ],
)
def test_a_job_continues_the_last_complete_block(generation, block, before):
    assert layout.previous(SimpleNamespace(generation=generation), block) == before


BEAM = {"regime": "replace", "epochs": 5, "repetition_penalty": 1.0}
DEFINITIONS = {
    "beam": BEAM,
    "mixed": BEAM | {"regime": "preserve10"},
    "penalty": BEAM | {"repetition_penalty": 2.0, "runs": 1},
    "warm": BEAM | {"decoding": "sample", "temperature": 1.0, "last_generation": 2},
    "cold": BEAM | {"decoding": "sample", "temperature": 0.5, "last_generation": 2},
    "longer": BEAM | {"epochs": 10, "runs": 2, "last_generation": 1},
    "faster": BEAM | {"learning_rate": 0.1, "regime": "sham"},
    "alone": BEAM | {"regime": "real10", "batch_size": 4},
}
LM = f"results/{configuration.load()['scale']}/lm"


@pytest.fixture
def laid_out(config):
    """A layout of the settings above."""
    config["lm"] |= {"definitions": DEFINITIONS, "settings": list(DEFINITIONS)}
    return layout.Layout(config)


def wildcards(setting, generation, run="00"):
    return SimpleNamespace(setting=setting, generation=generation, run=run)


def test_settings_that_train_alike_share_generation_0s_model(laid_out):
    """It does not depend on the regime, nor on how text is generated."""
    origins = {name: laid_out.lm_origin(name, "models") for name in DEFINITIONS}
    own = {name: name for name in ("longer", "faster", "alone")}
    assert origins == dict.fromkeys(DEFINITIONS, "beam") | own
    assert origins == {name: laid_out.lm_origin(name, "metrics") for name in DEFINITIONS}


def test_settings_that_write_differently_do_not_share_generation_0s_samples(laid_out):
    origins = {name: laid_out.lm_origin(name, "samples") for name in DEFINITIONS}
    assert origins == {name: name for name in DEFINITIONS} | {"mixed": "beam"}


@pytest.mark.parametrize(
    ("setting", "given"),
    [
        ("mixed", {"decoding": "beam"}),
        ("warm", {"top_p": 1.0, "top_k": None}),
        ("beam", {"learning_rate": 2.0e-3, "batch_size": 16}),  # those of lm.train
    ],
)
@pytest.mark.parametrize("kind", ["models", "samples"])
def test_a_default_that_is_given_means_the_same_as_one_that_is_left_out(
    config, tmp_path, setting, given, kind
):
    definitions = {"first": DEFINITIONS[setting], "second": DEFINITIONS[setting] | given}
    config["lm"] |= {"definitions": definitions, "settings": list(definitions)}
    config["figures"]["lm_repetition"]["settings"] = ["first"]
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    loaded = configuration.load(directory=tmp_path)
    laid_out = layout.Layout(loaded)
    assert laid_out.lm_origin("second", kind) == "first"
    found = loaded["lm"]["definitions"]
    assert loaded["lm"]["train"] | found["first"] == loaded["lm"]["train"] | found["second"]
    config["lm"]["definitions"]["second"] |= {"epochs": 7}
    assert layout.Layout(config).lm_origin("second", kind) == "second"


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        ("all", "long 1, long 2, long 3, longer 1, longer 2, short 1"),
        ("last", "long 3, longer 2, short 1"),
        ("none", ""),
    ],
)
def test_the_last_model_of_a_setting_is_its_own_last_one(keep, kept):
    """Names that begin alike; a generation that is not planned yet stays."""
    last = {"long": 3, "longer": 2, "short": 1}
    patterns = layout.kept_and_pruned(keep, last)
    found = [[], []]
    for name, end in last.items():
        for generation in range(1, end + 1):
            path = f"models/{name}/run00/gen{generation:02d}.safetensors"
            matching = [bool(matcher(pattern).fullmatch(path)) for pattern in patterns]
            assert sum(matching) == 1, path
            found[matching.index(True)].append(f"{name} {generation}")
    assert ", ".join(found[0]) == kept
    for pattern in patterns:  # generation 0 has a rule of its own
        assert not matcher(pattern).fullmatch("models/long/run00/gen00.safetensors")


def matcher(pattern):
    """A path's regular expression, as Snakemake makes it from the wildcards' expressions."""
    setting, generation = pattern["setting"], pattern["generation"]
    return re.compile(rf"models/(?:{setting})/run\d\d+/gen(?:{generation})\.safetensors")


def test_only_generation_0_is_shared(laid_out):
    for generation, setting in ((0, "beam"), (1, "warm")):
        found = laid_out.lm_file("warm", "models", "01", generation, "safetensors")
        assert found == f"{LM}/models/{setting}/run01/gen{generation:02d}.safetensors"
    assert laid_out.lm_judge(wildcards("warm", "02")) == f"{LM}/models/beam/run00/gen00.safetensors"
    assert laid_out.lm_file("warm", "samples", "01", 0, "npz").endswith("/warm/run01/gen00.npz")


def test_a_setting_may_have_fewer_runs_and_generations(laid_out, config):
    assert (config["lm"]["runs"], config["lm"]["last_generation"]) == (3, 9)
    assert laid_out.lm_runs("beam") == ["00", "01", "02"]
    assert laid_out.lm_runs("penalty") == ["00"]
    assert list(laid_out.lm_generations("beam")) == list(range(10))
    assert list(laid_out.lm_generations("warm")) == [0, 1, 2]
    runs = {name: DEFINITIONS[name].get("runs", 3) for name in DEFINITIONS}
    assert laid_out.lm_grid() == runs
    found = laid_out.lm_metrics("losses")
    assert found == [
        f"{LM}/metrics/{name}/run0{run}/losses.npz" for name, n in runs.items() for run in range(n)
    ]
    assert laid_out.lm_ngrams() == [f"{LM}/metrics/ngram/run0{run}.npz" for run in range(3)]
    files = laid_out.lm_of_run("samples", "npz")(wildcards("longer", ""))
    assert files == [f"{LM}/samples/longer/run00/gen0{g}.npz" for g in (0, 1)]


def test_figures_show_the_generations_that_a_setting_has(laid_out):
    shown = laid_out.lm_shown([0, 1, 5, 9])
    assert (shown["beam"], shown["warm"], shown["longer"]) == ([0, 1, 5, 9], [0, 1], [0, 1])
    n_files = sum(map(len, laid_out.lm_shown([0, 1, 5, 9]).values()))
    assert len(laid_out.lm_examples()) == n_files


def test_training_reads_only_what_its_regime_mixes(laid_out):
    """Data(0) of the run; the previous samples; no samples where the regime has only real text."""
    real = laid_out.lm_real("01")
    assert real == f"{LM}/samples/real/run01/data.npz"
    previous = "{}/samples/{}/run01/gen01.npz".format
    for setting, sources in {
        "beam": [previous(LM, "beam")],
        "mixed": [real, previous(LM, "mixed")],
        "faster": [real],  # sham
        "alone": [real],  # real10
    }.items():
        given = laid_out.lm_training_data(wildcards(setting, "02", "01"))
        assert given["sources"] == sources
    first = laid_out.lm_training_data(wildcards("mixed", "01", "01"))
    assert first["sources"] == [real, f"{LM}/samples/beam/run01/gen00.npz"]


def test_a_rate_is_chosen_only_from_several(laid_out, config):
    assert laid_out.lm_rate() == []
    config["lm"]["train"]["learning_rate"] = [2e-5, 1e-4]
    assert laid_out.lm_rate() == f"{LM}/metrics/rate.json"
    assert laid_out.lm_rate_trials() == [f"{LM}/metrics/rates/{rate}.json" for rate in
                                         ("2e-05", "0.0001")]  # fmt: skip


def test_only_the_own_model_has_pretraining_text(laid_out, config):
    assert laid_out.lm_pretraining_text() == "data/text/wikipedia_leads/train.txt"
    config["lm"]["model"] = "smollm2-135m"
    assert laid_out.lm_pretraining_text() == []


def test_headline_numbers_are_of_chains_without_and_with_kept_data(laid_out, config):
    chains = laid_out.headline_chains()
    assert list(chains) == ["gaussian", "gmm", "vae", "lm"]
    assert set(chains["gmm"]) == {"last"}
    size = config["gaussian"]["sizes"][0]
    assert chains["gaussian"]["kept"] == f"gaussian_pool_ddof0_size{size}_std"
    config["lm"]["definitions"]["mixed"]["regime"] = "preserve10"
    kept = laid_out.headline_chains()["lm"]["kept"]
    assert kept == "lm_mixed_token_perplexity"
    assert laid_out.headline_files()[0] in laid_out.tables()
    config["families"] = ["vae"]
    assert list(laid_out.headline_columns()) == ["vae"]


ALWAYS = {
    *("feedback_loop", "pipeline"),
    *("claims", "claims_later", "collapse_profile", "headline", "fidelity"),
}
FAMILIES = {
    "discrete": ("discrete_", "tail_cutting"),
    **{name: (f"{name}_",) for name in ("gaussian", "gmm", "kde")},
    "approximation": ("error_sources", "kernel_ridge"),
    **{name: (f"{name}_",) for name in ("human_data", "ngram", "vae", "lm")},
}


def names(config):
    made = layout.Layout(config)
    return set(made.figure_names()) | set(made.table_names())


@pytest.mark.parametrize("family", FAMILIES)
def test_figures_and_tables_are_those_of_the_families_that_are_run(config, family):
    assert list(FAMILIES) == config["families"]
    everything = names(config)
    config["families"] = [family]
    own = names(config)
    expected = {name for name in everything if name.startswith(FAMILIES[family])}
    assert own == expected | ALWAYS
    made = layout.Layout(config)
    assert {*made.own_figures(), *made.own_tables()} == expected
    assert expected
    config["families"] = [name for name in FAMILIES if name != family]
    assert names(config) == everything - expected
