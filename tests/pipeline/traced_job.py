"""Run a job's script in this process and print which functions of the project it called.

Usage: python traced_job.py SCRIPTS JOB, a JSON file with ``script``, ``params``, ``input``,
``output`` and ``wildcards``.
"""

import contextlib
import inspect
import json
import runpy
import sys
import types
from pathlib import Path

SCRIPTS, JOB = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
called = set()


class Named(list):
    """Values by position and by name, as Snakemake gives them to a script."""

    def __init__(self, values):
        super().__init__(values.values())
        self.get = values.get
        self.__dict__.update(values)


def note(frame, event, _):
    code = frame.f_code
    # neither modules nor bodies of classes
    if event == "call" and code.co_flags & inspect.CO_OPTIMIZED:
        called.add((code.co_filename, code.co_firstlineno))


def main():
    sys.path.insert(0, str(SCRIPTS))
    machinery = types.ModuleType("pipeline.job")
    machinery.job = lambda adapter: contextlib.nullcontext()
    sys.modules["pipeline.job"] = machinery
    parts = {name: Named(JOB[name]) for name in ("params", "input", "output", "wildcards")}
    sys.setprofile(note)
    runpy.run_path(
        str(SCRIPTS / "jobs" / JOB["script"]),
        init_globals={"snakemake": types.SimpleNamespace(**parts)},
    )
    sys.setprofile(None)
    files = {name: Path(name).resolve() for name, _ in called}
    ours = {name: path for name, path in files.items() if path.is_relative_to(SCRIPTS)}
    found = [[str(ours[name].relative_to(SCRIPTS)), line] for name, line in called if name in ours]
    print(json.dumps(sorted(found)))


main()
