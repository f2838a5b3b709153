"""Make the report page of a scale, and a copy of it with timings."""

from pipeline import engine, reproduce

from report import timings


def run(scale, cores, profile, options):
    """Run what the page needs, then write it with timings.

    Parameters
    ----------
    scale, cores, profile, options
        As `pipeline.reproduce.run` takes them.
    """
    page = f"results/{scale}/report.html"
    asked = engine.options(engine.place(cores, profile), options, [page], scale=scale)
    engine.run(scale, asked)
    if reproduce.finished(scale, asked):
        print(reproduce.closing_line(scale, ()))
        timings.run(scale, page=True)
