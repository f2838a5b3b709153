"""Where jobs run: light jobs, and those that need a network, run where Snakemake itself runs."""

start.mark_local_rules(workflow)
helpers.save()


onstart:
    start.begin(workflow, config)
