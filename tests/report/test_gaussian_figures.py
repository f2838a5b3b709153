"""Figures of several sizes and regimes, drawn from the published tables: smoke has fewer."""

import contextlib
import runpy
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from pipeline import paths
from report import plotting

TABLES = paths.ROOT / "results/laptop/tables"


@pytest.fixture
def draw(config, monkeypatch):
    """Run the adapter of a figure; returns the figure and the captions' own variables."""
    saved = []
    monkeypatch.setattr("pipeline.job.job", lambda adapter: contextlib.nullcontext())
    monkeypatch.setattr(plotting, "save", lambda figure, _, **facts: saved.append((figure, facts)))
    gaussian = config["gaussian"]
    params = {
        "truth": {name: gaussian[name] for name in ("mean", "std")},
        "last_generation": gaussian["last_generation"],
        "mixes": {name: config["regimes"][name] for name in gaussian["regimes"]},
    }

    def drawn(name, **tables):
        adapter = SimpleNamespace(params=SimpleNamespace(**params), input=SimpleNamespace(**tables))
        script = paths.SCRIPTS / f"jobs/gaussian/{name}_figure.py"
        runpy.run_path(str(script), init_globals={"snakemake": adapter})
        figure, facts = saved.pop()
        figure.draw_without_rendering()
        plt.close(figure)
        return figure, facts

    return drawn


def n_sizes(table):
    return pd.read_csv(table)["size"].nunique()


@pytest.mark.parametrize(("name", "of"), [("replace", "errors_replace"), ("wasserstein", "theory")])
def test_every_size_has_a_panel(draw, name, of):
    table = TABLES / f"gaussian_{of}.csv"
    # two quantities; or two divisors, and the means of two quantities for each
    expected = 2 * n_sizes(table) + (4 if name == "wasserstein" else 0)
    assert n_sizes(table) > 1
    assert len(draw(name, table=table)[0].axes) == expected


def test_every_regime_has_a_line_in_the_panels_of_its_sizes(draw, config):
    regimes = config["gaussian"]["regimes"]
    assert len(regimes) > 2
    errors, steps = (
        [TABLES / f"gaussian_{kind}_{name}.csv" for name in regimes] for kind in ("errors", "steps")
    )
    figure, facts = draw("regimes", errors=errors, steps=steps)
    assert len(figure.axes) == 2 * n_sizes(errors[0]) + n_sizes(steps[0])
    labels = {plotting.regime(name)[0] for name in regimes}
    for axes in figure.axes:
        assert labels <= {line.get_label() for line in axes.lines}
    assert facts["by_draws"] == [plotting.regime("pool_subsample")[0]]
