"""Whether artefacts are what their records say, and belong to this code and configuration."""

import functools
from pathlib import Path
from typing import NamedTuple

from collapse import files
from collapse.errors import UserError

MATCHES, DIFFERS, ABSENT = "matches", "differs", "not here"


class Verdict(NamedTuple):
    """Of one job: what is wrong with all that it made, and the state of each of its outputs."""

    job: object
    reasons: tuple  # why it would not be made so today; empty: it would
    states: dict  # of each output: MATCHES, DIFFERS or ABSENT
    record: dict | None

    @property
    def here(self):
        return any(state != ABSENT for state in self.states.values())

    @property
    def matches(self):
        return not self.reasons and DIFFERS not in self.states.values()


def judge(jobs, read=None, digest=None):
    """A verdict on every job's outputs.

    An output matches if its bytes are those recorded; if its record names the rule, the parameters
    and the inputs that the job has today, with their present hashes; and if the same holds for the
    jobs that made its inputs. Inputs that are not here (a checkpoint that was not pulled or was
    pruned) are known by the hash in their own job's record; data that are not here by the hash
    that is recorded alone.

    Parameters
    ----------
    jobs : sequence of artefacts.plan.Job
        Each after those whose outputs it takes.
    read : callable
        The record at a path, or None.
    digest : callable
        SHA-256 of the file at a path, or None where there is none.

    Returns
    -------
    list of Verdict
        In the order of `jobs`.
    """
    read, digest = read or _read, functools.cache(digest or _digest)
    made, verdicts = {}, []
    for job in jobs:
        record = read(job.record)
        outputs = record["outputs"] if record else {}
        reasons = tuple(_reasons(job, record, made, digest)) if record else ("it has no record",)
        states = {path: _state(path, reasons, outputs, digest) for path in job.outputs}
        verdicts.append(Verdict(job, reasons, states, record))
        made |= dict.fromkeys(job.outputs, verdicts[-1])
    return verdicts


def why(verdict, path):
    """Why an artefact does not match, in words."""
    if verdict.reasons:
        first, *others = verdict.reasons
        return first + (f" (and {len(others)} more)" if others else "")
    return "its bytes are not those that its job made"


def count(verdicts):
    """How many artefacts there are of each state."""
    states = [state for verdict in verdicts for state in verdict.states.values()]
    return {name: states.count(name) for name in (MATCHES, DIFFERS, ABSENT)}


def _read(path):
    try:
        return files.read_json(path)
    except FileNotFoundError:
        return None
    except UserError:
        return None  # half-written by no one: damaged, so it says nothing


def _digest(path):
    return files.sha256(path) if Path(path).is_file() else None


def _state(path, reasons, outputs, digest):
    found = digest(path)
    if found is None:
        return ABSENT
    return MATCHES if not reasons and found == outputs.get(path) else DIFFERS


def _reasons(job, record, made, digest):
    """What differs between a job and its record."""
    if record["rule"] != job.rule and set(record["outputs"]) != set(job.outputs):
        yield f"rule {record['rule']} made it, today {job.rule} would"
    yield from _changes(record["parameters"], job.parameters)
    for path in sorted(set(record["inputs"]) ^ set(job.inputs)):
        then = path in record["inputs"]
        yield f"it was made {'with' if then else 'without'} {path}, which is {_now(then)}"
    for path in sorted(set(record["inputs"]) & set(job.inputs)):
        recorded = record["inputs"][path]
        if path in made:
            yield from _upstream(path, made[path], recorded)
        elif digest(path) != recorded and not (path.startswith("data/") and digest(path) is None):
            yield f"{path} has changed since it was made"


def _now(then):
    return "no input today" if then else "an input today"


def _upstream(path, verdict, recorded):
    if verdict.reasons:
        yield f"it was made from {path}, which does not match"
    elif verdict.record["outputs"].get(path) != recorded:
        yield f"it was made from another {path}"


def _changes(then, now, key=""):
    """Sentences for every leaf in which two parameter blocks differ."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted({*then, *now}):
            yield from _changes(then.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif then != now:
        yield f"{key} was {_short(then)} and is {_short(now)}"


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
