"""What befalls a job from outside, in tests: every Python that starts looks here first.

With FAULTS set to a folder, a job's start is written to FAULTS/started; and a file FAULTS/<script>
says what happens to the next job of that script, once: ``exit``, or ``sleep`` and seconds. A file
FAULTS/late names a path that the job which makes it leaves under another name, ``<path>.late``, as
if it were still on its way through a shared file system.
"""

import atexit
import os
import sys
import time
from pathlib import Path

if folder := os.environ.get("FAULTS"):
    script = Path(sys.orig_argv[-1]).name.split(".", 1)[-1]  # after a random word
    if len(sys.orig_argv) > 1 and ".snakemake/scripts/" in sys.orig_argv[-1]:
        with open(Path(folder, "started"), "a", encoding="utf-8") as file:
            file.write(f"{script} {os.environ.get('SLURM_JOB_ID')}\n")
        try:
            Path(folder, script).rename(Path(folder, f"{script}.done"))
        except FileNotFoundError:
            pass
        else:
            word, *seconds = Path(folder, f"{script}.done").read_text(encoding="utf-8").split()
            if word == "exit":
                os._exit(7)
            time.sleep(float(seconds[0]))
    if "slurm-jobstep" in sys.orig_argv and Path(folder, "late").exists():
        path = Path(Path(folder, "late").read_text(encoding="utf-8"))
        atexit.register(lambda: path.exists() and path.rename(f"{path}.late"))
