"""Where jobs run: light jobs, and those that need a network, run where Snakemake itself runs."""

from sources import available

start.mark_local_rules(workflow)
helpers.save()


onstart:
    if start.is_planned(workflow, "lm_import"):
        start.checked(available.check, LM["model"])
    if start.is_planned(workflow, "text_corpus"):
        start.checked(external.check_corpus, config["datasets"])
    start.begin(workflow)


onsuccess:
    start.end()
