"""Seconds and peak memory by rule, and the share of CPU time that processes take to start.

Logs, and so timings, are no part of the results.
"""

from pathlib import Path

from collapse.errors import UserError
from pipeline import logs


def run(scale, page):
    """Print tables, or write the report with them.

    Parameters
    ----------
    scale : str or None
        None: all scales; for the page, the laptop's.
    page : bool
        Write ``report-<scale>.html``: the scale's report, which holds no timings, with them.
    """
    scale = scale or ("laptop" if page else None)
    table = logs.jobs("logs", scale)
    if not len(table):
        print("there are no finished jobs: run 'make reproduce'")
    elif page:
        write_page(table, scale)
    else:
        print(logs.by_rule(table).round(2).to_string(), end="\n\n")
        print(logs.by_scale(table).round(3).to_string())


def write_page(table, scale):
    """Write the report of a scale with its timings into the project's folder.

    Raises
    ------
    UserError
        If there is no report.
    """
    source = Path(f"results/{scale}/report.html")
    if not source.is_file():
        raise UserError(f"{source} does not exist: run 'make report SCALE={scale}'.")
    text = source.read_text(encoding="utf-8")
    path = Path(f"report-{scale}.html")
    path.write_text(text.replace("<!-- timings -->", section(table)), encoding="utf-8")
    print(f"The report with timings is in {path}.")


def section(table):
    """The timings as a section of the report page, in HTML."""
    sums = logs.by_rule(table).reset_index("scale", drop=True)
    rows = sums.rename_axis(None).to_html(border=0, float_format="{:.2f}".format, justify="left")
    return (
        '<section aria-labelledby="timings"><h2 id="timings">Timings</h2><p>Jobs, seconds, CPU '
        "seconds (of which start-up) and peak memory in MiB by rule, from the logs of the last "
        'runs on this machine.</p><div class="scroll" tabindex="0" role="region" '
        f'aria-label="Timings">{rows}</div></section>'
    )
