"""Draw missing or changed tables, figures and the report from artefacts that are here.

Computes nothing else: if a model or its samples would have to be made first, it says so.
"""

from collapse.errors import UserError
from pipeline import engine, plan, reproduce, targets


def is_drawn(job, scale):
    """Whether a job only shows what others have computed."""
    shown = tuple(f"results/{scale}/{part}" for part in ("tables/", "figures/", "report"))
    return all(path.startswith((*shown, "data/")) for path in job.outputs)


def run(scale, cores, families=(), names=()):
    """Plan, and run the plan if it only draws.

    Parameters
    ----------
    scale : str
    cores : str
        A number, or ``all``.
    families : sequence of str
        None: those of the scale.
    names : sequence of str
        Figures, tables, or files; none: all.
    """
    given, asked = targets.of_families(families, names, scale)
    engine.settle(scale, engine.Options((), given=given))
    drawn = plan.run(
        scale, *asked, check=lambda jobs: check_drawn(jobs, scale), cores=cores, given=given
    )
    jobs = f"{len(drawn)} job{'s' * (len(drawn) > 1)} drew"
    done = f"{jobs}, nothing was trained." if drawn else "There was nothing to draw."
    print(reproduce.closing_line(scale, asked, families), done)


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
