"""Draw missing or changed tables, figures and the report from artefacts that are here.

Computes nothing else: if a model or its samples would have to be made first, it says so.
"""

from collapse.errors import UserError
from pipeline import engine, plan, targets


def is_drawn(job, scale):
    """Whether a job only shows what others have computed."""
    shown = tuple(f"results/{scale}/{part}" for part in ("tables/", "figures/", "report"))
    return all(path.startswith((*shown, "data/")) for path in job.outputs)


def run(scale, families, cores, names):
    """Plan, and run the plan if it only draws.

    Parameters
    ----------
    scale : str
    families : sequence of str
        None: those of the scale.
    cores : str
        A number, or ``all``.
    names : sequence of str
        Figures, tables, or files; none: all.
    """
    given, asked = targets.of_families(families, names, scale)
    with plan.planned(scale, *asked, given=given) as planned:
        waiting = planned.waiting
    check_drawn(waiting, scale)
    if not waiting:
        print("nothing to draw: all tables, figures and the report are up to date")
        return
    engine.run(scale, engine.Options(engine.place(cores), given=given, targets=tuple(asked)))
    print(f"{len(waiting)} jobs drew tables, figures and the report; nothing was trained")


def check_drawn(waiting, scale):
    """Raise a UserError if a waiting job computes something."""
    heavy = [job for job in waiting if not is_drawn(job, scale)]
    if not heavy:
        return
    made = {path.split("/")[2] for job in heavy for path in job.outputs}
    families = " ".join(sorted(made - {"tables"}))
    raise UserError(
        f"{len(heavy)} jobs would have to compute first (the first is {heavy[0].rule} for "
        f"{heavy[0].outputs[0]}): fetch what is missing with 'make pull SCALE={scale} "
        f"FAMILY=\"{families}\" REMOTE=...', or compute it with 'make reproduce'."
    )
