"""What the language model's figures share: names, numbers of runs, ratios and quantiles."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from collapse.lm import summary
from pipeline import configuration
from report import language, plotting


def parameters(scale):
    """Parameters of the figures' rules at a scale."""
    config = configuration.load({"scale": scale})
    lm = config["lm"]
    runs = dict.fromkeys(lm["settings"], lm["runs"])
    of = {name: lm[name] for name in ("model", "corpus", "pretrain")}
    return SimpleNamespace(runs=runs, **of)


def test_a_small_model_shows_the_mechanics_and_its_size_is_stated():
    subject = language.facts(parameters("laptop"))["subject"]
    assert subject.startswith("Small model: shows the mechanics.")
    assert "with 2 layers and 240,000 weights" in subject


@pytest.mark.parametrize(
    ("scale", "name"), [("pretrained", "SmolLM2-135M"), ("paper", "OPT-125m, fine-tuned on Wiki")]
)
def test_a_pretrained_model_is_not_called_small(scale, name):
    params = parameters(scale)
    subject = language.facts(params)["subject"]
    assert subject.startswith(name)
    assert "mechanics" not in subject
    figure, _ = plotting.grid(1, 1, height=1)
    language.note(figure, params.model)
    assert figure.get_suptitle() == ""
    language.note(figure, "own")
    assert figure.get_suptitle() == language.SMALL


def test_a_folder_is_called_by_its_name():
    assert language.model_name("/data/models/opt-125m") == "OPT-125m"
    assert language.model_name("models/mine") == "mine"


def test_numbers_of_runs_are_said_once_where_all_settings_share_them():
    assert language.counts({"sham": 3, "preserve10": 3}) == "3 runs of each setting"
    assert language.counts({"sham": 1}) == "1 run"
    found = language.counts({"no_data_preserved": 2, "preserve10": 2, "mine_too": 1})
    assert found == "2 runs (no real data kept; 10 % real data kept), 1 run (mine too)"


def test_a_published_setting_has_the_same_colour_whatever_else_is_shown():
    assert language.arm("penalty3", ["sham"]) == language.arm("penalty3", ["preserve10", "mine"])
    names = ["penalty3", "as_released", *configuration.load()["lm"]["settings"]]
    assert len({language.arm(name, names)[1] for name in names}) == len(names)


def test_no_setting_of_a_scale_is_called_by_its_identifier():
    for scale in ("laptop", "pretrained", "paper"):
        for name in configuration.load({"scale": scale})["lm"]["settings"]:
            assert language.arm(name)[0] != name


def test_ratios_are_those_of_runs_that_both_settings_have():
    rows = [
        ("no", 0, 2, 2),
        ("no", 1, 4, 8),
        ("no", 2, 4, 4),
        ("yes", 0, 2, None),
        ("yes", 1, 2, None),
    ]
    table = pd.DataFrame(rows, columns=["setting", "generation", "run00", "run01"])
    found = language.ratios(table, "yes", "no")
    assert found["generation"].tolist() == [0, 1]
    assert found["mean"].tolist() == pytest.approx([1, 0.5])
    assert "run01" not in found
    assert language.last_common(table, ["no", "yes"]) == 1


def test_ratios_of_several_runs_have_a_geometric_mean():
    rows = [("no", 1, 2.0, 2.0), ("yes", 1, 1.0, 16.0)]
    table = pd.DataFrame(rows, columns=["setting", "generation", "run00", "run01"])
    found = language.ratios(table, "yes", "no")
    assert found["mean"].tolist() == pytest.approx([2.0])
    assert found[["run00", "run01"]].to_numpy().tolist() == [[0.5, 8.0]]


def test_the_perplexity_that_a_share_exceeds_is_that_of_the_values():
    values = np.exp(np.random.default_rng(3).normal(3, 1, (1, 1, 20_000)))
    edges = summary.edges_for([values])
    rows = summary.histograms([values[0]], edges)
    width = edges[1] / edges[0]
    for share in (0.5, 0.01):
        exact = np.quantile(values, 1 - share)
        found = language.perplexity_beyond(rows, share)
        assert exact / width < found < exact * width
        wrong = np.quantile(values, share / 4)  # the control
        assert not wrong / width < found < wrong * width


def arm_table(settings, runs):
    """A made-up table of perplexities: generations 0 and 1 of each setting."""
    rows = [
        {"setting": name, "generation": g, "mean": 2.0 + g, "low": 1.5, "high": 4.0}
        | {f"run{k:02d}": 2.0 + g + k / 10 for k in range(runs)}
        for name in settings
        for g in (0, 1)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("settings", [["mine"], ["no_data_preserved", "mine", "sham"]])
@pytest.mark.parametrize("intervals", [True, False])
def test_settings_start_together_and_do_not_cover_one_another(settings, intervals):
    _, panels = plotting.grid(1, 1, height=1)
    axes = panels[0, 0]
    language.arms(axes, arm_table(settings, 1), intervals=intervals)
    lines = [line for line in axes.lines if not line.get_label().startswith("_")]
    assert [line.get_label() for line in lines] == [
        language.arm(name, settings)[0] for name in settings
    ]
    starts, ends = zip(*[line.get_xdata() for line in lines], strict=True)
    assert set(starts) == {0}
    assert len(set(ends)) == len(settings)
    assert np.mean(ends) == pytest.approx(1)


def test_the_first_place_of_an_axis_is_real_text():
    _, panels = plotting.grid(1, 1, height=1)
    axes = panels[0, 0]
    language.generations_from_real(axes, 2)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["real", "0", "1", "2"]


def test_settings_of_one_length_share_a_row_and_the_view_comes_once():
    lasts = {"no": 9, "tenth": 9, "sham": 2, "penalty": 9, "sampled": 2}
    rows = [["no", "tenth", "penalty", language.VIEW], ["sham", "sampled"]]
    assert language.ridge_rows(lasts) == rows
    assert language.ridge_rows({"no": 1}) == [["no", language.VIEW]]
    many = language.ridge_rows({f"s{k}": 9 for k in range(5)})
    assert [len(row) for row in many] == [4, 2]
