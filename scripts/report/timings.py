"""Seconds and peak memory by rule, and the share of CPU time that processes take to start.

Logs, and so timings, are no part of the results.
"""

from pathlib import Path

import pandas as pd
from collapse.errors import UserError
from pipeline import logs

COLUMNS = ["scale", "rule", "s", "cpu_s", "start_up_s", "peak_mib"]


def run(scale, page):
    """Print tables, or write the report with them.

    Parameters
    ----------
    scale : str
    page : bool
        Write ``report-<scale>.html``: the scale's report, which holds no timings, with them.
    """
    table = jobs("logs", scale)
    if not len(table):
        print(f"there are no finished jobs of scale {scale}: run 'make reproduce SCALE={scale}'")
    elif page:
        write_page(table, scale)
    else:
        print(by_rule(table).round(2).to_string(), end="\n\n")
        print(by_scale(table).round(3).to_string())


def jobs(folder, scale=None):
    """One row for each finished job, from its log.

    Parameters
    ----------
    folder : str or Path
        Of logs.
    scale : str, optional
        This scale's jobs, and those of the data that all scales share; by default all jobs.

    Returns
    -------
    pandas.DataFrame
    """
    wanted = (scale, "data")
    rows = [(name, *done) for name, done in logs.rows(folder) if scale is None or name in wanted]
    return pd.DataFrame(rows, columns=COLUMNS)


def by_rule(table):
    """Jobs, seconds, peak memory of each rule, and the share that starting and importing takes."""
    sums = table.groupby(["scale", "rule"]).agg(
        jobs=("s", "size"),
        median_s=("s", "median"),
        longest_s=("s", "max"),
        cpu_s=("cpu_s", "sum"),
        start_up_s=("start_up_s", "sum"),
        peak_mib=("peak_mib", "max"),
    )
    return sums.assign(start_up_share=sums["start_up_s"] / sums["cpu_s"])


def by_scale(table):
    """CPU seconds of all jobs, and the share that starting and importing takes."""
    sums = table.groupby("scale")[["cpu_s", "start_up_s"]].sum()
    return sums.assign(start_up_share=sums["start_up_s"] / sums["cpu_s"])


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
    sums = by_rule(table).reset_index("scale", drop=True)
    rows = sums.rename_axis(None).to_html(border=0, float_format="{:.2f}".format, justify="left")
    return (
        '<section aria-labelledby="timings"><h2 id="timings">Timings</h2><p>Jobs, seconds, CPU '
        "seconds (of which start-up) and peak memory in MiB by rule, from the logs of the last "
        'runs on this machine.</p><div class="scroll" tabindex="0" role="region" '
        f'aria-label="Timings">{rows}</div></section>'
    )
