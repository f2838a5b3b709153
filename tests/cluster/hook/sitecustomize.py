"""Faults of jobs, for tests: copied to a checkout's scripts/, where every job's Python imports it.

With FAULTS set to a folder, the start of a job is written to FAULTS/started. A file FAULTS/<script>
(its path below scripts/jobs, with - for /) makes something happen to the next job of that script,
once: ``exit``, or ``sleep`` and seconds. A file FAULTS/late names a path that the job which makes
it leaves under another name, ``<path>.late``, as if it had not appeared on a shared disk yet.
"""

import atexit
import os
import re
import sys
import time
from pathlib import Path

if folder := os.environ.get("FAULTS"):
    if len(sys.orig_argv) > 1 and ".snakemake/scripts/" in sys.orig_argv[-1]:
        text = Path(sys.orig_argv[-1]).read_text(encoding="utf-8")
        script = re.search(r"scripts/jobs/([\w/]+\.py)", text)[1]
        with open(Path(folder, "started"), "a", encoding="utf-8") as file:
            file.write(f"{script} {os.environ.get('SLURM_JOB_ID')}\n")
        fault = Path(folder, script.replace("/", "-"))
        try:
            fault.rename(f"{fault}.done")
        except FileNotFoundError:
            pass
        else:
            word, *seconds = Path(f"{fault}.done").read_text(encoding="utf-8").split()
            if word == "exit":
                os._exit(7)
            time.sleep(float(seconds[0]))
    if "slurm-jobstep" in sys.orig_argv and Path(folder, "late").exists():
        path = Path(Path(folder, "late").read_text(encoding="utf-8"))
        atexit.register(lambda: path.exists() and path.rename(f"{path}.late"))
