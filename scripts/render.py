"""Draw what is missing or changed of tables, figures and the report, from artefacts that are here.

python scripts/render.py SCALE [CORES]

Computes nothing else: where a model or its samples would have to be made first, it says so instead.
"""

import reproduce
from artefacts import command, plan
from collapse.errors import UserError


def drawn(job, scale):
    """Whether a job only shows what others have computed."""
    shown = tuple(f"results/{scale}/{part}" for part in ("tables/", "figures/", "report"))
    return all(path.startswith((*shown, "data/")) for path in job.outputs)


def main():
    """Look at the plan; run it if it only draws."""
    scale, cores = command.arguments("SCALE", "CORES")
    with plan.planned(scale) as planned:
        waiting = planned.waiting
    heavy = [job for job in waiting if not drawn(job, scale)]
    if heavy:
        made = {path.split("/")[2] for job in heavy for path in job.outputs}
        families = ",".join(sorted(made - {"tables"}))
        raise UserError(
            f"{len(heavy)} jobs would have to compute first ({heavy[0].rule} for "
            f"{heavy[0].outputs[0]}, first of all): 'make pull SCALE={scale} WHAT={families} "
            "REMOTE=...' brings what is missing, 'make reproduce' computes it."
        )
    if not waiting:
        print("nothing to draw: all tables, figures and the report are up to date")
        return
    reproduce.run(scale, ["--cores", cores or "all"])
    print(f"{len(waiting)} jobs drew tables, figures and the report; nothing was trained")


if __name__ == "__main__":
    command.run(main)
