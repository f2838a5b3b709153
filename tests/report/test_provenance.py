"""Provenance, on a toy workflow whose steps can be counted by hand."""

import re
from collections import Counter
from types import SimpleNamespace

import pytest
from report.contents import Family
from report.provenance import Provenance

FAMILIES = [
    Family("verdicts", "The verdicts", "", {}, {"verdicts": "Verdicts"}),
    Family("walk", "Random walks", "", {"walk": {}}, {"walk": "Walks"}),
    Family("dice", "Dice", "", {"dice": {}}, {}),
]
TOY = "results/toy"


class Rule:
    """A rule as Snakemake has it; counts how often it is asked."""

    def __init__(self, name, *output, takes=lambda w: [], params=None):
        self.name, self.output, self.takes = name, output, takes
        self.params = {"code": {f"scripts/{name}.py": name[0] * 64}} | (params or {})
        patterns = [re.split(r"\{(\w+)(?:,([^}]+))?\}", path) for path in output]
        self.patterns = [re.compile(self.pattern(*parts)) for parts in patterns]
        self.asked = Counter()

    @staticmethod
    def pattern(first, *rest):
        groups = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
        return re.escape(first) + "".join(
            f"(?P<{name}>{constraint or '[^/.]+'}){re.escape(text)}"
            for name, constraint, text in groups
        )

    def is_producer(self, path):
        self.asked["is_producer"] += 1
        return any(pattern.fullmatch(path) for pattern in self.patterns)

    def get_wildcards(self, path):
        return next(filter(None, (p.fullmatch(path) for p in self.patterns))).groupdict()

    def expand_input(self, wildcards):
        self.asked[tuple(wildcards.items())] += 1
        return list(self.takes(wildcards)), {}


def trained(generation, run="0"):
    return f"{TOY}/walk/models/run{run}/gen{generation}.npz"


def rules(runs=2, generations=3):
    """Walks of some runs, generation by generation, of which the first models are removed."""
    last = [trained(generations, run) for run in range(runs)]
    model = "results/{scale,toy}/walk/models/run{run}/gen{generation,%s}.npz"
    pull = {
        "settings": {"step": 0.5},
        "side": lambda w: "left" if int(w.run) % 2 else "right",
        "seed": lambda w: int(w.run),
        "mix_seed": 1,
        "threads": lambda w, threads: threads,
    }
    before = {"takes": lambda w: [trained(int(w.generation) - 1, w.run)], "params": pull}
    return [
        Rule("numbers", "data/numbers/a.txt", "data/numbers/b.txt"),
        Rule(
            "sums",
            "data/numbers/SHA256SUMS",
            takes=lambda w: [f"data/numbers/{name}.txt" for name in "ab"],
        ),
        Rule("walk_real", model % "0", takes=lambda w: ["data/numbers/a.txt", "data/extra.txt"]),
        Rule("walk_train", model % "[2-9]", **before),
        Rule("walk_train_pruned", model % "1", **before),
        Rule("walk_ends", "results/{scale,toy}/tables/ends.csv", takes=lambda w: last),
        Rule(
            "walk_table",
            *("results/{scale,toy}/tables/walk.csv", "results/{scale,toy}/tables/walk.md"),
            takes=lambda w: [f"{TOY}/tables/ends.csv"],
        ),
        Rule(
            "walk_figure",
            "results/{scale,toy}/figures/walk.png",
            takes=lambda w: [f"{TOY}/tables/walk.csv", *last],
        ),
        Rule("dice_throw", "results/{scale,toy}/dice/metrics/throws.npz"),
        Rule(
            "dice_figure",
            "results/{scale,toy}/figures/dice.png",
            takes=lambda w: [f"{TOY}/dice/metrics/throws.npz"],
        ),
        Rule(
            "verdicts",
            "results/{scale,toy}/tables/verdicts.md",
            takes=lambda w: [*last, f"{TOY}/dice/metrics/throws.npz", f"{TOY}/tables/ends.csv"],
        ),
    ]


def of(known):
    figures = [f"{TOY}/figures/{name}.png" for name in ("walk", "dice")]
    tables = [f"{TOY}/tables/{name}" for name in ("walk.csv", "walk.md", "verdicts.md")]
    return Provenance(SimpleNamespace(rules=known), FAMILIES, figures, tables, "toy")


@pytest.fixture
def provenance():
    return of(rules())


def test_families_have_the_steps_behind_their_figures_and_tables(provenance):
    found = provenance.family_steps()
    chain = {
        "numbers": {"jobs": 1, "takes": []},
        "walk_ends": {"jobs": 1, "takes": ["walk_train"]},
        "walk_real": {"jobs": 2, "takes": ["numbers"]},
        "walk_train": {"jobs": 6, "takes": ["walk_real", "walk_train"]},  # pruned ones included
    }
    throw = {"dice_throw": {"jobs": 1, "takes": []}}
    assert found["walk"] == chain | {
        "walk_figure": {"jobs": 1, "takes": ["walk_table", "walk_train"]},
        "walk_table": {"jobs": 1, "takes": ["walk_ends"]},
    }
    assert found["dice"] == throw | {"dice_figure": {"jobs": 1, "takes": ["dice_throw"]}}
    takes = ["dice_throw", "walk_ends", "walk_train"]
    assert found["verdicts"] == chain | throw | {"verdicts": {"jobs": 1, "takes": takes}}
    assert list(found["walk"]) == sorted(found["walk"])


def test_figures_name_the_tables_that_they_are_drawn_from(provenance):
    assert provenance.drawn_from() == {"walk": [f"{TOY}/tables/walk.csv"], "dice": []}
    assert provenance.figure_data() == [f"{TOY}/tables/walk.csv"]


def test_data_are_found_with_the_sums_above_them(provenance):
    assert provenance.data() == ["data/extra.txt", "data/numbers/a.txt"]
    assert provenance.data_sums() == ["data/numbers/SHA256SUMS"]  # extra.txt has none


def test_each_job_is_asked_once_and_only_likely_rules_are_asked_about_a_file():
    known = rules()
    provenance = of(known)
    for method in ("family_steps", "columns", "data", "data_sums", "code", "settings") * 2:
        getattr(provenance, method)()
    provenance.shown("walk")(None)
    matched = sum(rule.asked.pop("is_producer", 0) for rule in known)
    assert {count for rule in known for count in rule.asked.values()} == {1}
    n_files = 8 + 2 + 1 + 3 + 4  # models, data, throws, shown files, candidates for sums
    assert matched <= 3 * n_files < len(known) * n_files


def test_code_is_that_of_every_rule_behind_figures_and_tables(provenance):
    found = provenance.code()
    assert "scripts/walk_train_pruned.py" in found
    assert "scripts/sums.py" not in found
    assert found["scripts/dice_figure.py"] == "d" * 64


def changed(name, value):
    """Steps whose settings hash differs if a parameter of the walks is another."""
    known = rules()
    for rule in known:
        if rule.name.startswith("walk_train"):
            rule.params = rule.params | {name: value}
    before, after = of(rules()).settings(), of(known).settings()
    return {step for step in before if before[step] != after[step]}


def test_settings_are_values_and_functions_of_wildcards_without_seeds_and_code(provenance):
    assert provenance.settings().keys() == {"walk_train"}
    assert changed("settings", {"step": 0.4}) == {"walk_train"}
    assert changed("side", lambda w: "left") == {"walk_train"}
    assert changed("seed", lambda w: 3) == set()
    assert changed("mix_seed", 2) == set()
    assert changed("threads", lambda w, threads: 2 * threads) == set()
    assert changed("code", {}) == set()


def test_settings_do_not_depend_on_the_order_or_number_of_jobs():
    assert of(rules(2)).settings() == of(rules(4)).settings()
    assert of(rules(1)).settings() != of(rules(2)).settings()  # no run has the other side


def test_columns_have_each_step_once_and_do_not_depend_on_the_number_of_jobs(provenance):
    found = provenance.columns()
    assert {title: list(steps) for title, steps in found.items()} == {
        "The verdicts": ["verdicts"],
        "Random walks": [
            *("numbers", "walk_ends", "walk_figure", "walk_real", "walk_table", "walk_train"),
        ],
        "Dice": ["dice_figure", "dice_throw"],
    }
    stages = {name: step["stage"] for steps in found.values() for name, step in steps.items()}
    assert Counter(stages.values()) == {"data": 1, "generations": 3, "tables": 3, "figures": 2}
    assert stages["walk_ends"] == "tables"  # shown by no family, in none's folder
    assert of(rules(runs=5, generations=9)).columns() == found


def test_shown_files_are_what_figures_and_tables_are_or_take(provenance):
    assert provenance.shown("walk")(None) == [trained(3, 0), trained(3, 1)]
    assert provenance.shown("dice")(None) == [f"{TOY}/dice/metrics/throws.npz"]
    assert provenance.shown("tables")(None) == [
        f"{TOY}/tables/{name}" for name in ("ends.csv", "verdicts.md", "walk.csv", "walk.md")
    ]
