"""Discrete distributions: count a sample's states, sample from the counts, count again."""

DISCRETE = config["discrete"]
DISCRETE_CHAIN = {
    name: DISCRETE[name]
    for name in ("corpus", "states", "zipf_exponent", "sizes", "runs", "horizon")
}
DISCRETE_TABLES = {name: DISCRETE[name] for name in ("distributions", "sizes", "runs")}
TAIL_CUTTING = DISCRETE["tail_cutting"]


rule discrete_chain:
    """model(0) … model(g) of all runs on one distribution, for every M, until they are absorbed."""
    input:
        text=lambda w: [f"data/text/{DISCRETE['corpus']}/train.txt"] * (w.distribution == "corpus"),
    output:
        "results/{scale}/discrete/metrics/{distribution}.npz",
    log:
        "logs/{scale}/discrete/metrics/{distribution}.log",
    resources:
        **needs("discrete_chain"),
    params:
        settings=DISCRETE_CHAIN,
        seed=seed_of("discrete", "chain"),
        code=code_of("discrete/chain.py"),
    script:
        "../../scripts/jobs/discrete/chain.py"


rule discrete_absorption_table:
    """How fast the discrete chains lose their states, and in which they end, compared with the exact laws."""
    input:
        chains=expand(
            "results/{{scale}}/discrete/metrics/{distribution}.npz",
            distribution=DISCRETE["distributions"],
        ),
    output:
        multiext("results/{scale}/tables/discrete_absorption", csv=".csv", md=".md"),
        ends_csv="results/{scale}/tables/discrete_ends.csv",
        ends_md="results/{scale}/tables/discrete_ends.md",
        presence="results/{scale}/tables/discrete_presence.csv",
    log:
        "logs/{scale}/tables/discrete_absorption.log",
    params:
        **DISCRETE_TABLES,
        code=code_of("discrete/absorption_table.py"),
    script:
        "../../scripts/jobs/discrete/absorption_table.py"


rule discrete_absorption:
    """Which states of the discrete chains are present over time, and in which the chains end."""
    input:
        presence="results/{scale}/tables/discrete_presence.csv",
        ends="results/{scale}/tables/discrete_ends.csv",
    output:
        figure("results/{scale}/figures/discrete_absorption"),
    log:
        "logs/{scale}/figures/discrete_absorption.log",
    params:
        **DISCRETE_CHAIN,
        distributions=DISCRETE["distributions"],
        code=code_of("discrete/absorption_figure.py", "workflow/report/discrete_absorption.md"),
    script:
        "../../scripts/jobs/discrete/absorption_figure.py"


rule tail_cutting_samples:
    """Items in the bins of two distributions after some generations of resampling."""
    output:
        "results/{scale}/discrete/metrics/tail_cutting.npz",
    log:
        "logs/{scale}/discrete/metrics/tail_cutting.log",
    params:
        settings=TAIL_CUTTING,
        seed=seed_of("discrete", "tail_cutting"),
        code=code_of("discrete/tail_cutting.py"),
    script:
        "../../scripts/jobs/discrete/tail_cutting.py"


rule tail_cutting_table:
    """The bins, and how often each is empty among M samples."""
    input:
        counts=rules.tail_cutting_samples.output[0],
    output:
        multiext("results/{scale}/tables/tail_cutting", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/tail_cutting.log",
    params:
        settings=TAIL_CUTTING,
        code=code_of("discrete/tail_cutting_table.py"),
    script:
        "../../scripts/jobs/discrete/tail_cutting_table.py"


rule tail_cutting:
    """What M samples leave of a histogram's tails."""
    input:
        table="results/{scale}/tables/tail_cutting.csv",
    output:
        figure("results/{scale}/figures/tail_cutting"),
    log:
        "logs/{scale}/figures/tail_cutting.log",
    params:
        **TAIL_CUTTING,
        code=code_of("discrete/tail_cutting_figure.py", "workflow/report/tail_cutting.md"),
    script:
        "../../scripts/jobs/discrete/tail_cutting_figure.py"


rule discrete:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("discrete"),
