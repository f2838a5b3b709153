"""What a run would cost: work counted by hand, paths on small graphs, the plan of every scale."""

import re
import sys

import pytest
import timings
from collapse.errors import UserError
from collapse.lm import language_model
from pipeline import costs, files

VAE = "results/s/vae/models/replace/run00/gen01.safetensors"
LM = "results/s/lm/models/no_data_preserved/run00/gen01.safetensors"


def test_the_vae_s_work_by_hand(config):
    assert costs.work("vae_train", VAE, config) == 8 * 8000 * 16 * 32
    twice = costs.Scale(corpus=2)
    assert costs.work("vae_train", VAE, config, twice) == 2 * 8 * 8000 * 16 * 32


def test_the_language_models_work_by_hand(config):
    """Five epochs of 700 blocks of 64 tokens, and as many tokens drawn with five beams."""
    expected = costs.parameters(config) * 700 * 64 * (6 * 5 + 2 * 5)
    assert costs.work("lm_train", LM, config) == expected
    config["lm"]["definitions"]["no_data_preserved"]["epochs"] = 10
    assert costs.work("lm_train", LM, config) == expected / 40 * 70


def test_parameters_are_those_of_the_model_that_is_built(config):
    lm = config["lm"]["pretrain"]
    model = language_model.build(lm["architecture"], lm["vocabulary"], "cpu", seed=1)
    assert costs.parameters(config) == sum(p.numel() for p in model.parameters())
    config["lm"]["model"] = "somebody/something"
    with pytest.raises(UserError, match="whose number of parameters is not known"):
        costs.parameters(config)


def test_a_chain_s_last_job_may_be_short(config):
    place = "results/s/gmm/models/replace/one_blob/size500/batch00/gen{}.npz"
    assert costs.work("gmm_chain", place.format("1025"), config) == 500 * 5 * 1025
    assert costs.work("gmm_chain", place.format("0010"), config) == 500 * 5 * 10


def test_the_critical_path_is_the_longest_in_time_not_in_jobs():
    graph = {"a": set(), "b": {"a"}, "c": {"b"}, "long": {"a"}, "end": {"c", "long"}}
    times = {"a": 1, "b": 2, "c": 2, "long": 5, "end": 1}
    assert costs.critical_path(graph, times) == ["a", "long", "end"]
    assert costs.critical_path(graph, times | {"long": 3}) == ["a", "b", "c", "end"]
    assert costs.critical_path({}, {}) == []


def test_the_nearest_rate_is_taken(config):
    """By the network's size; where there is none, or two are as near, the longest measured."""
    small = {"sizes": {"lm": 2e5, "vae": 512}, "rules": {}}
    large = {"sizes": {"lm": 1e8, "vae": 8192}, "rules": {}}
    for rule in ("lm_train", "vae_train", "gmm_chain", "lm_text"):
        small["rules"][rule] = {"seconds": 9}
        large["rules"][rule] = {"seconds": 5}
    large["rules"]["only_there"] = {"seconds": 1}
    runs = {"small": small, "large": large}
    expected = {  # by factors of the model's size
        1: {"lm": "small", "vae": "small"},
        10: {"lm": "small", "vae": "large"},
        100: {"lm": "large", "vae": "large"},
    }
    for factor, nearest in expected.items():
        rates = costs.rates(runs, config, costs.Scale(model=factor))
        assert {rule: rate["run"] for rule, rate in rates.items()} == {
            "lm_train": nearest["lm"], "lm_text": "small", "vae_train": nearest["vae"],
            "gmm_chain": "small", "only_there": "large",
        }  # fmt: skip


def test_all_blocks_of_a_corpus_are_as_many_as_were_counted(config):
    told = costs.with_blocks(config, {"wikipedia_leads": 123})
    assert told["lm"]["pretrain"]["blocks"]["train"] == 123
    assert told["lm"]["blocks"]["train"] == 700
    assert config["lm"]["pretrain"]["blocks"]["train"] is None
    with pytest.raises(UserError, match="all blocks of wikipedia_leads are taken, and no run has"):
        costs.with_blocks(config, {})


def test_memory_grows_by_what_a_larger_model_needs(config):
    rate = {"peak_mib": 100, "sizes": costs.sizes(config)}
    assert costs.memory("lm_train", config, rate) == 100 * 2**20
    more = costs.memory("lm_train", config, rate, costs.Scale(model=3)) - 100 * 2**20
    assert more == 16 * 2 * costs.parameters(config)
    assert costs.memory("gmm_chain", config, rate, costs.Scale(model=3)) == 100 * 2**20
    more = costs.memory("vae_train", config, rate, costs.Scale(corpus=10)) - 100 * 2**20
    assert more == 784 * 6 * 9 * 8000


@pytest.mark.parametrize("scale", ["laptop", "paper", "as_released", "probe"])
def test_every_scale_is_planned_with_all_its_jobs(new_checkout, scale):
    checkout = new_checkout(scale)
    done = checkout.call(sys.executable, "scripts/estimate.py", scale)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    told = {words[0]: words[1] for words in lines if len(words) == 9}
    listed = checkout.run("-n", "--config", f"scale={scale}").stdout.splitlines()
    jobs = {line.split()[0]: line.split()[1] for line in listed if len(line.split()) == 2}
    assert done.stdout.startswith(f"{int(jobs['total']) - 1} jobs\n")
    for rule in ("lm_train_real", "vae_train_real"):
        assert told[rule] == jobs[rule]
    assert ("no GPU has been measured" in done.stdout) == (scale != "laptop")


@pytest.mark.parametrize("scale", ["laptop", "paper", "as_released"])
def test_no_job_asks_for_less_than_it_takes(new_checkout, scale):
    """By the rates in the repository, twice the time; of a GPU's hours none are known."""
    out = new_checkout("asked").call(sys.executable, "scripts/estimate.py", scale).stdout
    rows = [line.split() for line in out.splitlines()]
    asked = [row for row in rows if len(row) == 9 and row[3] in ("CPU", "GPU") and row[5] != "–"]
    assert len(asked) >= 13
    for rule, _, _, device, minutes, runtime, megabytes, memory, _ in asked:
        assert device == "GPU" or float(minutes) <= float(runtime) / 2, rule
        assert float(megabytes) <= float(memory), rule


def test_rates_are_measured_from_a_run_and_then_fit_it(copied):
    done = copied.call(sys.executable, "scripts/measure.py", "smoke")
    assert "has the rates of scale smoke, as measured on" in done.stdout, done.stderr
    told = files.read_json(copied.folder / costs.MEASURED)["runs"]["smoke"]
    config = files.read_json(copied.folder / "results/smoke/config.json")
    assert told["sizes"] == costs.sizes(config)
    ends = [timings.finished(path) for path in (copied.folder / "logs/smoke").rglob("*.log")]
    for rule, output, n_jobs in (
        ("vae_train", VAE, 6),
        ("lm_train", LM.replace("no_data_preserved", "preserve10"), 6),
    ):
        rate, done = told["rules"][rule], [end for end in ends if costs.kind(end.rule) == rule]
        spent, amount = sum(end.cpu - end.start for end in done), costs.work(rule, output, config)
        assert rate["jobs"] == len(done) == n_jobs
        # written with one decimal, and with four digits
        assert rate["seconds"] == pytest.approx(spent, abs=0.05 + 1e-9)
        assert rate["s_per_unit"] * amount * n_jobs == pytest.approx(spent, rel=5e-4)
        assert rate["gpu"] is None
    assert "run here: ×" in copied.call(sys.executable, "scripts/estimate.py", "smoke").stdout


def test_nothing_is_measured_where_nothing_was_run(new_checkout):
    done = new_checkout("empty").call(sys.executable, "scripts/measure.py", "smoke")
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: no finished jobs of scale smoke are here: 'make")


def test_files_grow_with_what_is_in_them(config):
    assert costs.size(LM, config) == costs.parameters(config)
    assert costs.size(LM, config, costs.Scale(model=10)) == 10 * costs.parameters(config)
    samples = LM.replace("/models/", "/samples/").replace(".safetensors", ".npz")
    assert costs.size(samples, config, costs.Scale(model=10)) == 700 * 64
    assert costs.size(samples, config, costs.Scale(corpus=10)) == 10 * 700 * 64
    assert costs.size("results/s/tables/claims.csv", config) == 1


def test_what_is_pruned_needs_no_disk(new_checkout):
    """One model of nine generations is left of each run, not all."""
    checkout = new_checkout("pruned")
    told = []
    for which in ("last", "all"):
        text = (checkout.folder / "config.yaml").read_text()
        (checkout.folder / "config.yaml").write_text(
            text.replace("keep_models: all ", f"keep_models: {which} ")
        )
        out = checkout.call(sys.executable, "scripts/estimate.py", "laptop").stdout
        told.append(float(re.search(r"([\d.]+) GB in lm/models", out)[1]))
        (checkout.folder / "config.yaml").write_text(text)
    # 90 trained generations and 9 originals' first: 18 of 90 stay, beside the base model
    assert told[0] < told[1] / 3
