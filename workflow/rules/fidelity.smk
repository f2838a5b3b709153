"""What the paper leaves open, and how this run takes it."""

FIDELITY_CHOICES = configuration.read_yaml(ROOT / "reference" / "fidelity.yaml")
FIDELITY = settings(
    "fidelity",
    values={
        key: configuration.value(config, key)
        for choice in FIDELITY_CHOICES.values()
        for key in choice["keys"]
    },
)


rule fidelity:
    """Every choice that the paper leaves open: text, released code, and what this run does."""
    input:
        choices="reference/fidelity.yaml",
        results=expand(
            "results/{{scale}}/tables/{table}.csv",
            table=sorted(
                {c["measured"]["table"] for c in FIDELITY_CHOICES.values() if "measured" in c}
            ),
        ),
        settings=FIDELITY.path,
        code=code_of("tables/fidelity.py"),
    output:
        csv="results/{scale}/tables/fidelity.csv",
        md="results/{scale}/tables/fidelity.md",
    log:
        "logs/{scale}/tables/fidelity.log",
    params:
        **FIDELITY.values,
    script:
        "../../scripts/tables/fidelity.py"
