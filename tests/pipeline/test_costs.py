"""What a run would cost: work counted by hand, paths in small graphs, the plan of every scale."""

import collections
import functools
import re

import pytest
from collapse.errors import UserError
from collapse.lm import language_model
from pipeline import configuration, costs, estimate, files, graph, logs

VAE = "results/s/vae/models/replace/run00/gen01.safetensors"
LM = "results/s/lm/models/no_data_preserved/run00/gen01.safetensors"


def test_work_of_the_vae_by_hand(config):
    assert costs.work("vae_train", VAE, config) == 8 * 8000 * 16 * 32
    twice = costs.Growth(corpus=2)
    assert costs.work("vae_train", VAE, config, twice) == 2 * 8 * 8000 * 16 * 32


def test_work_of_the_language_model_by_hand(config):
    """Five epochs on 700 blocks of 64 tokens, and as many tokens generated with five beams."""
    expected = costs.parameters(config) * 700 * 64 * (6 * 5 + 2 * 5)
    assert costs.work("lm_train", LM, config) == expected
    config["lm"]["definitions"]["no_data_preserved"]["epochs"] = 10
    assert costs.work("lm_train", LM, config) == expected / 40 * 70
    # generation 0's text is written by another job
    assert costs.work("lm_train", LM.replace("gen01", "gen00"), config) == expected / 40 * 60
    assert costs.work("lm_generate", LM.replace("gen01", "gen00"), config) == expected / 40 * 10
    sampled = LM.replace("no_data_preserved", "sampled")  # one row a prompt instead of five beams
    assert costs.work("lm_train", sampled, config) == expected / 40 * 32


def test_parameters_are_those_of_the_model(config):
    lm = config["lm"]["pretrain"]
    model = language_model.build(lm["architecture"], lm["vocabulary"], "cpu", seed=1)
    assert costs.parameters(config) == sum(p.numel() for p in model.parameters())
    config["lm"]["model"] = "somebody/something"
    with pytest.raises(UserError, match="whose number of parameters is not known"):
        costs.parameters(config)


def test_the_last_job_of_a_chain_may_be_shorter(config):
    place = "results/s/gmm/models/replace/one_blob/size500/batch00/gen{}.npz"
    assert costs.work("gmm_chain", place.format("1025"), config) == 500 * 5 * 1025
    assert costs.work("gmm_chain", place.format("0010"), config) == 500 * 5 * 10


def test_the_critical_path_is_the_longest_in_time_not_in_jobs():
    graph = {"a": set(), "b": {"a"}, "c": {"b"}, "long": {"a"}, "end": {"c", "long"}}
    times = {"a": 1, "b": 2, "c": 2, "long": 5, "end": 1}
    assert costs.critical_path(graph, times) == ["a", "long", "end"]
    assert costs.critical_path(graph, times | {"long": 3}) == ["a", "b", "c", "end"]
    assert costs.critical_path({}, {}) == []


def test_the_closest_rate_is_chosen(config):
    """By the network's size; without one, or if two are equally close, the longest measured."""
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
        rates = costs.rates(runs, config, costs.Growth(model=factor))
        assert {rule: rate["run"] for rule, rate in rates.items()} == {
            "lm_train": nearest["lm"], "lm_text": "small", "vae_train": nearest["vae"],
            "gmm_chain": "small", "only_there": "large",
        }  # fmt: skip


def test_all_blocks_of_a_corpus_are_as_many_as_were_counted(config):
    known = costs.with_blocks(config, {"wikipedia_leads": 123})
    assert known["lm"]["pretrain"]["blocks"]["train"] == 123
    assert known["lm"]["blocks"]["train"] == 700
    assert config["lm"]["pretrain"]["blocks"]["train"] is None
    with pytest.raises(
        UserError, match="takes all blocks of wikipedia_leads, but no run has counted"
    ):
        costs.with_blocks(config, {})


def test_memory_grows_with_the_model(config):
    rate = {"peak_mib": 100, "sizes": costs.sizes(config)}
    assert costs.memory("lm_train", config, rate) == 100 * 2**20
    more = costs.memory("lm_train", config, rate, costs.Growth(model=3)) - 100 * 2**20
    assert more == 16 * 2 * costs.parameters(config)
    assert costs.memory("gmm_chain", config, rate, costs.Growth(model=3)) == 100 * 2**20
    more = costs.memory("vae_train", config, rate, costs.Growth(corpus=10)) - 100 * 2**20
    assert more == 784 * 6 * 9 * 8000


@pytest.fixture(scope="module")
def estimated(new_checkout):
    """Function that prints what a scale would cost, once for each scale; and the checkout."""
    checkout = new_checkout("estimated")

    @functools.cache
    def printed(scale):
        done = checkout.command("plan", "--scale", scale)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return checkout, printed


def table(printed):
    """Rows of the table of rules."""
    rows = [line.split() for line in printed.splitlines()]
    return [row for row in rows if len(row) == 9 and row[3] in ("CPU", "GPU")]


@pytest.mark.parametrize("scale", ["laptop", "paper", "as_released", "probe"])
def test_every_scale_is_planned_with_all_its_jobs(estimated, paper_plan, scale):
    checkout, printed = estimated
    plan = paper_plan if scale == "paper" else checkout.plan(scale=scale)
    jobs = collections.Counter(rule for rule, *_ in plan["jobs"])
    assert printed(scale).startswith(f"{jobs.total()} jobs\n")
    listed = {row[0]: int(row[1]) for row in table(printed(scale))}
    assert {rule: jobs[rule] for rule in listed} == listed
    assert {"lm_train_real", "vae_train_real"} <= set(listed)
    assert ("no GPU has been measured" in printed(scale)) == (scale != "laptop")
    assert ("of these, ask for a GPU" in printed(scale)) == (scale != "laptop")
    assert {row[3] for row in table(printed(scale))} == {"CPU"}  # none has been measured


@pytest.mark.parametrize("scale", ["laptop", "paper", "as_released"])
def test_no_job_asks_for_less_than_it_takes_without_a_warning(estimated, scale):
    """Twice the time, by the rates in the repository; a GPU's hours have not been measured."""
    printed, warned = estimated[1](scale), set()
    asked = [row for row in table(printed) if row[5] != "–"]
    assert len(asked) >= 13
    for rule, _, _, _, minutes, runtime, megabytes, memory, _ in asked:
        needs_gpu = scale != "laptop" and rule.startswith(("vae", "lm", "digit"))
        assert needs_gpu or float(minutes) <= float(runtime) / 2, rule
        assert float(megabytes) <= float(memory), rule
        warned |= {costs.kind(rule)} if float(minutes) > float(runtime) else set()
    found = re.findall(
        r"^WARNING: a job of (\w+) takes \d+ min by the rates of a CPU", printed, re.M
    )
    assert set(found) == warned
    assert bool(warned) == (scale != "laptop")


def test_a_time_or_memory_above_what_is_asked_for_is_a_warning(config):
    """Once for a rule and its variants, by the largest job."""
    asked = config["jobs"]["vae_train"]
    asked |= {"runtime": 10, "mem_mb": 2000}
    rates = {"vae_train": {"gpu": None}}

    def warned(minutes, megabytes=1, rule="vae_train"):
        found = estimate.Estimate(rule, 1, 60 * minutes, 1e6 * megabytes, collections.Counter())
        return list(estimate.warnings([found, found], config, rates))

    assert warned(10) == [] == warned(9, 2000)
    assert warned(99, rule="vae_grid") == []  # asks for nothing
    (line,) = warned(11, rule="vae_train_pruned")
    assert line == (
        "a job of vae_train takes 11 min by the rates of a CPU, but jobs.vae_train.runtime asks "
        "for 10: raise it."
    )
    assert "takes 2001 MB" in warned(11, 2001)[1]
    config["device"] = "cuda"
    asked["gpu"] = True
    assert warned(11)[0].endswith("raise it, or measure a GPU.")
    rates["vae_train"]["gpu"] = "a GPU"
    assert "by the rates of a GPU" in warned(11)[0] and warned(11)[0].endswith("raise it.")


def test_hours_are_those_of_the_device_that_was_measured(config, capsys):
    config["device"] = "cuda"
    config["jobs"]["vae_train"]["gpu"] = True
    estimates = [
        estimate.Estimate("vae_train", 1, 7200, 1e9, collections.Counter()),
        estimate.Estimate("gmm_chain", 1, 3600, 1e9, collections.Counter()),
    ]
    for gpu, expected in ((None, {"CPU": 3.0, "GPU": 2.0}), ("a GPU", {"CPU": 1.0, "GPU": 2.0})):
        estimate.report_rules(estimates, config, {"vae_train": {"gpu": gpu}})
        totals = re.findall(r"^(all on|of these, ask for) a (\wPU) +([\d.]+) (\wPU)$",
                            capsys.readouterr().out, re.M)  # fmt: skip
        assert {name: float(hours) for _, name, hours, _ in totals} == expected
        assert {unit for *_, unit in totals} == ({"CPU"} if gpu is None else {"CPU", "GPU"})


def test_costs_grow_with_model_corpus_and_runs_by_hand(config):
    """Starting takes its time whatever grows; work is linear in what it depends on."""
    gmm = "results/s/gmm/models/replace/one_blob/size500/batch00/gen0010.npz"
    jobs = [
        graph.Job(rule, (), (path,), {}, rule, True)
        for rule, path in (("vae_train", VAE), ("lm_train", LM), ("gmm_chain", gmm), ("x", "a/b"))
    ]
    rate = {"start_s": 5, "peak_mib": 100, "gpu": None, "bytes": {}}
    rates = {rule: {**rate, "s_per_unit": s} for rule, s in
             (("vae_train", 1e-6), ("lm_train", 1e-12), ("gmm_chain", 1e-3))}  # fmt: skip

    def seconds(**growth):
        grown = costs.Growth(**growth)
        return [
            e.times * e.seconds
            for e in (estimate.estimate(job, config, rates, grown) for job in jobs)
        ]

    once = seconds()
    work = [s - 5 for s in once[:3]]
    assert min(work) > 0
    for factor in (1, 10, 100):
        more = [5 + factor * w for w in work]
        assert seconds(model=factor)[:2] == pytest.approx(more[:2])
        assert seconds(model=factor)[2:] == once[2:]  # a chain has no network
        assert seconds(corpus=factor)[:3] == pytest.approx(more)
        assert seconds(runs=factor)[:3] == pytest.approx([factor * s for s in once[:3]])
        assert {seconds(**{name: factor})[3] for name in costs.Growth._fields} == {once[3]}


def test_one_figure_is_planned_alone(estimated):
    done = estimated[0].command("plan", "--scale", "smoke", "--target", "gmm_l2")
    assert done.stdout.startswith("8 jobs\n"), done.stderr
    assert re.search(r"^critical path: .*, gmm_real ×1, gmm_chain ×2, gmm_g", done.stdout, re.M)


def test_rates_are_measured_from_a_run_and_then_fit_it(copied):
    done = copied.command("measure", "--scale", "smoke")
    assert "has the rates of scale smoke, measured on" in done.stdout, done.stderr
    measured = files.read_json(copied.folder / costs.MEASURED)["runs"]["smoke"]
    config = configuration.load({"scale": "smoke"})
    assert measured["sizes"] == costs.sizes(config)
    ends = [logs.finished(path) for path in (copied.folder / "logs/smoke").rglob("*.log")]
    models = [("preserve10", "gen00")] * 2 + [("preserve10", "gen01")] * 2
    models += [("preserve10", "gen02")] * 2 + [("sampled", "gen01")]
    trained = [
        LM.replace("no_data_preserved", name).replace("gen01", generation)
        for name, generation in models
    ]
    for rule, outputs in (("vae_train", [VAE] * 6), ("lm_train", trained)):
        rate, done = measured["rules"][rule], [end for end in ends if costs.kind(end.rule) == rule]
        spent = sum(end.cpu - end.start for end in done)
        amount = sum(costs.work(rule, output, config) for output in outputs)
        assert rate["jobs"] == len(done) == len(outputs)
        # written with one decimal, and with four digits
        assert rate["seconds"] == pytest.approx(spent, abs=0.05 + 1e-9)
        assert rate["s_per_unit"] * amount == pytest.approx(spent, rel=5e-4)
        assert rate["gpu"] is None
    printed = copied.command("plan", "--scale", "smoke").stdout
    rows = re.findall(r"^(\w+) +([\d.]+) +([\d.]+) +([\d.]+)$", printed, re.M)
    assert rows[-1][0] == "all" and "actual/predicted" in printed
    ratio = float(rows[-1][2]) / float(rows[-1][1])
    assert float(rows[-1][3]) == pytest.approx(ratio, rel=0.05)


def test_nothing_is_measured_where_nothing_was_run(estimated):
    done = estimated[0].command("measure", "--scale", "smoke")
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR: no finished jobs of scale smoke are here: run 'make")


def test_files_grow_with_their_contents(config):
    assert costs.size(LM, config) == costs.parameters(config)
    assert costs.size(LM, config, costs.Growth(model=10)) == 10 * costs.parameters(config)
    samples = LM.replace("/models/", "/samples/").replace(".safetensors", ".npz")
    assert costs.size(samples, config, costs.Growth(model=10)) == 700 * 64
    assert costs.size(samples, config, costs.Growth(corpus=10)) == 10 * 700 * 64
    assert costs.size("results/s/tables/claims.csv", config) == 1


def test_pruned_models_need_no_disk(new_checkout):
    """The last generation's model remains of each run, not all."""
    checkout = new_checkout("pruned")
    disk = {"all": 0, "last": 0}
    checkout.replace("config.yaml", "keep_models: all ", "keep_models: last ")
    for which in ("last", "all"):
        out = checkout.command("plan", "--scale", "laptop").stdout
        disk[which] = float(re.search(r"([\d.]+) GB in lm/models", out)[1])
        if which == "last":
            checkout.replace("config.yaml", "keep_models: last ", "keep_models: all ")
    # of 96 trained generations and 3 first ones, 21 remain at most, and the base model
    assert disk["last"] < disk["all"] / 3
