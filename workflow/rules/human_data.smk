"""How much fresh real data each generation needs. One job runs the chains of all maps."""

HUMAN_DATA = config["human_data"]


rule human_data_phase_chains:
    """Chains at every point of the maps: what each run keeps in the long run; the laws between."""
    output:
        kept="results/{scale}/human_data/metrics/phase.npz",
        laws="results/{scale}/human_data/shown/laws.csv",
    log:
        "logs/{scale}/human_data/metrics/phase.log",
    params:
        settings=HUMAN_DATA,
        seed=seed_of("human_data", "chains"),
        code=code_of("human_data/phase_chains.py"),
    script:
        "../../scripts/jobs/human_data/phase_chains.py"


rule human_data_phase_table:
    """What is kept over runs, next to the laws."""
    input:
        kept=rules.human_data_phase_chains.output.kept,
    output:
        multiext("results/{scale}/tables/human_data_phase", csv=".csv", md=".md"),
    log:
        "logs/{scale}/tables/human_data_phase.log",
    params:
        settings=HUMAN_DATA,
        code=code_of("human_data/phase_table.py"),
    script:
        "../../scripts/jobs/human_data/phase_table.py"


rule human_data_phase:
    """Maps of what is kept over real items, all items, shares and bias."""
    input:
        table="results/{scale}/tables/human_data_phase.csv",
        laws=rules.human_data_phase_chains.output.laws,
    output:
        figure("results/{scale}/figures/human_data_phase"),
    log:
        "logs/{scale}/figures/human_data_phase.log",
    params:
        **HUMAN_DATA,
        code=code_of("human_data/phase_figure.py", "workflow/report/human_data_phase.md"),
    script:
        "../../scripts/jobs/human_data/phase_figure.py"


rule human_data:
    """All files of this family that tables and figures show."""
    input:
        provenance.shown("human_data"),
