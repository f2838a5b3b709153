"""Where jobs run on a cluster: what is light or wants a network, where Snakemake itself runs."""

LIGHT = ("data/", *(f"results/{{scale}}/{part}" for part in ("tables/", "figures/", "report")))

workflow.localrules(
    "lm_import",  # from the hub, which compute nodes may not reach
    *[rule.name for rule in workflow.rules if any(str(p).startswith(LIGHT) for p in rule.output)],
)
