"""Discrete distributions: count a sample's states, sample from the counts, count again."""

DISCRETE_CHAIN = settings(
    "discrete_chain",
    corpus=LM["corpus"],
    **{name: DISCRETE[name] for name in ("states", "zipf_exponent", "sizes", "runs", "horizon")},
)


rule discrete_chain:
    """model(0) … model(g) of all runs on one distribution, for every M, until they are absorbed."""
    input:
        text=lambda w: [f"data/text/{LM['corpus']}/train.txt"] * (w.distribution == "corpus"),
        settings=DISCRETE_CHAIN.path,
        code=code_of("discrete_chain.py"),
    output:
        "results/{scale}/discrete/metrics/{distribution}.npz",
    log:
        "logs/{scale}/discrete/metrics/{distribution}.log",
    benchmark:
        "benchmarks/{scale}/discrete/metrics/{distribution}.discrete_chain.tsv"
    resources:
        **needs("discrete_chain"),
    params:
        settings=DISCRETE_CHAIN.values,
        seed=seed_of("discrete", "chain"),
    script:
        "../../scripts/discrete_chain.py"
