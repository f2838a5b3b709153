"""What the figures of the language model share: names, arms, histograms, and captions' findings."""

from pathlib import Path

import numpy as np
from pipeline import costs

from report import plotting

MODELS = {
    "own": "small model",
    "smollm2-135m": "SmolLM2-135M",
    "facebook/opt-125m": "OPT-125m",
    "opt-125m": "OPT-125m",
}
CORPORA = {
    "state_of_the_union": "State of the Union addresses",
    "wikipedia_leads": "lead paragraphs of Wikipedia",
    "wikitext2": "WikiText-2",
}
DETAILS = {
    "smollm2-135m": "SmolLM2-135M (the instruct model, restored from 4-bit weights), a model of "
    "OPT-125m's size"
}
# settings of the scale `paper` that no other family has
ARMS = {
    "penalty3": ("no real data, repetition penalty 3", 6),
    "as_released": ("the released code's run script", 7),
}
REAL = -1  # generation of real text in the tables; of the model before fine-tuning for its losses
SMALL = "small model: shows the mechanics"
VIEW, COLUMNS = "view in perspective", 4  # a panel among the settings' ridgelines; panels of a row
DODGE = 0.06  # shift between neighbouring settings, in generations


def arm(name, others=()):
    """What figures call a setting, and its position among colours; see `plotting.regime`."""
    return ARMS.get(name) or plotting.regime(name, others)


def model_name(model):
    """What figures call a model: a folder is called by its name."""
    return MODELS.get(model) or MODELS.get(Path(model).name, Path(model).name)


def facts(params):
    """What every caption of the family says about model, text and runs.

    Parameters
    ----------
    params : object
        With ``model``, ``corpus``, ``runs`` (their number by setting) and, for a small model of
        the project's own, ``pretrain`` (its architecture and its vocabulary).

    Returns
    -------
    dict of str to str
        ``subject``, a sentence, and ``counts``, the number of runs.
    """
    text = CORPORA.get(params.corpus, params.corpus)
    if params.model == "own":
        size = costs.parameters({"lm": {"model": "own", "pretrain": params.pretrain}})
        layers = params.pretrain["architecture"]["layers"]
        subject = (
            f"Small model: shows the mechanics. It has OPT's architecture with {layers} "
            f"layer{'s' * (layers > 1)} and {rounded(size):,} weights (OPT-125m: 125,000,000), is "
            f"pretrained for this project, and is fine-tuned on {text}; its values are not those "
            "of a large model."
        )
    else:
        subject = f"{DETAILS.get(params.model, model_name(params.model))}, fine-tuned on {text}."
    return {"subject": subject, "counts": counts(params.runs)}


def rounded(number):
    """A positive whole number, rounded to two digits."""
    return int(float(f"{number:.1e}"))


def counts(runs):
    """Number of runs of each setting, in words: one number where all settings share it."""
    if len(set(runs.values())) == 1:
        return _runs(next(iter(runs.values()))) + (" of each setting" if len(runs) > 1 else "")
    by_count = {}
    for name, n in runs.items():
        by_count.setdefault(n, []).append(arm(name)[0])
    return ", ".join(f"{_runs(n)} ({'; '.join(names)})" for n, names in by_count.items())


def _runs(n):
    return f"{n} run" if n == 1 else f"{n} runs"


def note(figure, model):
    """Say above the panels that a small model only shows the mechanics."""
    if model == "own":
        figure.suptitle(SMALL, x=0.995, ha="right", fontsize=7, style="italic")


def arms(axes, table, *, others=(), intervals=False, start=0):
    """Draw a quantity of all settings against generation.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    table : DataFrame
        With the columns setting, generation, mean, and low, high or run00, run01, …; what is not
        known is NaN.
    others : sequence of str
        Settings that the figure shows; by default those of the table.
    intervals : bool
        Draw intervals as bars, instead of single runs as points.
    start : int
        The generation that all settings share. Later ones are shifted a little, so that settings
        do not cover one another.
    """
    names = list(dict.fromkeys(table["setting"]))
    for rank, name in enumerate(names):
        rows = table[table["setting"] == name]
        label, position = arm(name, others or names)
        style = plotting.series(position)
        shift = DODGE * (rank - (len(names) - 1) / 2)
        x = rows["generation"] + np.where(rows["generation"] > start, shift, 0)
        axes.plot(x, rows["mean"], label=label, marker="o", markersize=2.5, **style)
        if intervals:
            ends = np.abs(rows[["low", "high"]].to_numpy().T - rows["mean"].to_numpy())
            bars = {"fmt": "none", "ecolor": style["color"], "elinewidth": 0.8, "capsize": 1.5}
            axes.errorbar(x, rows["mean"], ends, capthick=0.8, **bars)
        else:
            runs = {"color": style["color"], "linestyle": "none", "markersize": 3, "alpha": 0.6}
            axes.plot(x, rows.filter(regex=r"^run\d+$"), marker="_", **runs)


def generations_from_real(axes, last):
    """Label an axis of generations whose first place, −1, is real text."""
    step = 1 if last <= 10 else -(-last // 10)
    places = [REAL, *range(0, last + 1, step)]
    axes.set_xticks(places, ["real", *(str(g) for g in places[1:])])


def ridge_rows(lasts):
    """Rows of panels: settings with all generations and the view in perspective, then shorter ones.

    Parameters
    ----------
    lasts : dict of str to int
        Last generation of each setting.

    Returns
    -------
    list of list of str
        Names of settings, and once `VIEW`; at most `COLUMNS` in a row.
    """
    whole = [name for name, last in lasts.items() if last == max(lasts.values())]
    shorter = [name for name in lasts if name not in whole]
    groups = [*whole, VIEW], shorter
    return [cells[k : k + COLUMNS] for cells in groups for k in range(0, len(cells), COLUMNS)]


def last_common(table, settings):
    """The last generation that all of the settings have in a table."""
    return int(table[table["setting"].isin(settings)].groupby("setting")["generation"].max().min())


def ratios(table, name, base):
    """Ratio of a setting's perplexity to that of another one, run by run.

    Parameters
    ----------
    table : DataFrame
        With the columns setting, generation, run00, run01, …
    name, base : str
        Settings. Runs and generations that only one of them has are left out.

    Returns
    -------
    DataFrame
        One row per generation: the setting, the generation, the geometric mean over runs (mean),
        and the ratio of each run.
    """
    first, second = (
        table[table["setting"] == one].set_index("generation").filter(regex=r"^run\d+$")
        for one in (name, base)
    )
    ratio = (first / second).dropna(how="all").dropna(axis=1, how="all")
    mean = np.exp(np.log(ratio).mean(axis=1))
    return ratio.assign(mean=mean, setting=name).reset_index()


def perplexity_beyond(rows, share):
    """Perplexity that a share of blocks reaches or exceeds, between edges of a histogram's bins.

    Parameters
    ----------
    rows : DataFrame
        Of one setting and generation of the table lm_histograms.
    share : float
        Between 0 and 1.

    Returns
    -------
    float
        Linear in the logarithm of perplexity within a bin.
    """
    edges = np.log([*rows["perplexity_from"], rows["perplexity_to"].iloc[-1]])
    beyond = np.array([*rows["beyond"], 0.0])
    return float(np.exp(np.interp(-share, -beyond, edges)))


def compared(table, settings):
    """First and last generation of some settings, for the sentence of a caption.

    Parameters
    ----------
    table : DataFrame
        lm_histograms.
    settings : iterable of str

    Returns
    -------
    list of dict
        With ``label``, ``last`` (a generation), and of generation 0 and the last one the median
        (``median``) and the perplexity that one block in a hundred exceeds (``tail``), as pairs.
    """
    found = []
    for name in settings:
        own = table[table["setting"] == name]
        last = int(own["generation"].max())
        pair = [own[own["generation"] == g] for g in (0, last)]
        entry = {"label": arm(name)[0], "last": last}
        for key, share in (("median", 0.5), ("tail", 0.01)):
            entry[key] = tuple(f"{perplexity_beyond(rows, share):.3g}" for rows in pair)
        found.append(entry)
    return found
