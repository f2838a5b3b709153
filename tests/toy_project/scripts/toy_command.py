"""Run a command of the project with verdicts that need no workflow.

python scripts/toy_command.py pull|publish|send SCALE [WHAT REMOTE FORCE-or-CHECK]

An artefact matches if its bytes are those in its record; nothing is left to run. ``send`` is the
second half of publish, for what dvc.lock already names.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

from artefacts import publish, pull, remote
from collapse.errors import UserError
from pipeline import command, dvc_yaml, files, plan, verdicts


@contextlib.contextmanager
def planned(scale, *_, **__):
    """Stands for `plan.planned`: one verdict for each record."""
    found = []
    for path in [*Path("data").glob("records/*.json"), *Path("results", scale).rglob("all.json")]:
        try:
            record, reasons = files.read_json(path), ()
        except UserError:
            record, reasons = {"outputs": {str(path): ""}}, ("it has no record",)
        states = {output: state(output, digest) for output, digest in record["outputs"].items()}
        found.append(verdicts.Verdict(None, reasons, states, None if reasons else record))
    yield plan.Plan([], found, {})


def state(path, digest):
    """MATCHES, DIFFERS or ABSENT."""
    if not Path(path).is_file():
        return verdicts.ABSENT
    return verdicts.MATCHES if files.sha256(path) == digest else verdicts.DIFFERS


def send(scale, families, what, remote_name, check):
    """Send, and print how many objects were sent again."""
    name = remote.check(remote_name)
    paths = remote.select(remote.outputs(scale), what, scale)
    print(remote.push(paths, name, read=check), "sent again")


def hold(*_):
    """Stands for a call of DVC: a test kills the command here."""
    Path("held").touch()
    signal.pause()


def main(action, scale, what="", name=None, switch=""):
    """Call one of the three."""
    function = {"pull": pull.run, "publish": publish.run, "send": send}[action]
    what = what or {"publish": "figures"}.get(action, "all")
    return command.call(lambda: function(scale, (), what, name, bool(switch)))


if __name__ == "__main__":
    plan.planned, verdicts.strays = planned, lambda *_: []
    dvc_yaml.scales, dvc_yaml.write = lambda: (), lambda *_: None
    if os.environ.get("TOY_HOLD"):
        remote._dvc = hold
    sys.exit(main(*sys.argv[1:]))
