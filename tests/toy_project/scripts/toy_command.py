"""Run a command of the project with a judgement that needs no workflow.

python scripts/toy_command.py pull|publish|send SCALE [its arguments ...]

An artefact matches if its bytes are those in its record; nothing is ever left to be run. `send` is
the second half of publish, for what dvc.lock already names.
"""

import os
import runpy
import sys
from pathlib import Path

from artefacts import acceptance, command, remote, verdicts
from collapse import files
from collapse.errors import UserError


def judge(scale, *_):
    """Stands for `acceptance.accept`; what does not match becomes old, as there."""
    found = []
    for path in [*Path("data").glob("records/*.json"), *Path("results", scale).rglob("all.json")]:
        try:
            recorded, reasons = files.read_json(path)["outputs"], ()
        except UserError:
            recorded, reasons = {str(path): ""}, ("it has no record",)
        states = {output: state(output, digest) for output, digest in recorded.items()}
        found.append(verdicts.Verdict(None, reasons, states, None))
    for path in (p for v in found for p, s in v.states.items() if s == verdicts.DIFFERS):
        os.utime(path, (1, 1))
    return found, []


def state(path, digest):
    """MATCHES, DIFFERS or ABSENT."""
    if not Path(path).is_file():
        return verdicts.ABSENT
    return verdicts.MATCHES if files.sha256(path) == digest else verdicts.DIFFERS


def send():
    """Send, and print how many objects were sent again."""
    scale, what, name, check = command.arguments("SCALE", "WHAT", "REMOTE", "CHECK")
    name = remote.check(name)
    paths = remote.select(remote.outputs(scale), what, scale)
    print(remote.push(paths, name, read=bool(check)), "sent again")


if __name__ == "__main__":
    acceptance.accept, verdicts.strays = judge, lambda *_: []
    name = sys.argv.pop(1)
    if name == "send":
        command.run(send)
    runpy.run_path(str(Path(__file__).with_name(f"{name}.py")), run_name="__main__")
