"""Whether artefacts are what their records say, and belong to this code and configuration."""

import collections
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
    pruned) are known by the hash in their own job's record.

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


def strays(scale, jobs):
    """Files among a scale's artefacts that no job makes: left by other settings, say.

    Parameters
    ----------
    scale : str
    jobs : list of artefacts.plan.Job
        All of the scale.

    Returns
    -------
    list of str
    """
    known = {path for job in jobs for path in (*job.outputs, job.record)}
    folders = {path.split("/")[2] for path in known if path.startswith("results/")}
    found = [path for name in folders for path in Path(f"results/{scale}/{name}").rglob("*")]
    return sorted(str(path) for path in found if path.is_file() and str(path) not in known)


def tell(verdicts, waiting):
    """Print which artefacts do not match and why, how many do, and what a run would still do.

    Parameters
    ----------
    verdicts : list of Verdict
    waiting : list of artefacts.plan.Job
        What Snakemake would run.

    Returns
    -------
    int
        Exit status: 1 if something that is here does not match.
    """
    for verdict in verdicts:
        for path, state in verdict.states.items():
            if state == DIFFERS:
                print(f"{state}  {path}: {why(verdict, path)}")
    counts = count(verdicts)
    print(
        f"{counts[MATCHES]} artefacts match this code and configuration, {counts[DIFFERS]} do not; "
        f"{counts[ABSENT]} are not here"
    )
    if counts[DIFFERS]:
        print(
            "what does not match: compute it again with 'make reproduce', or check out the "
            "revision and settings that it belongs to"
        )
    rules = collections.Counter(job.rule for job in waiting)
    listed = ", ".join(f"{rule} ×{n}" for rule, n in sorted(rules.items()))
    print(f"still to be run: {listed}" if rules else "nothing is left to be run")
    return int(counts[DIFFERS] > 0)


def _read(path):
    try:
        return files.read_json(path)
    except (FileNotFoundError, UserError):  # a damaged record says nothing
        return None


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
        elif digest(path) != recorded:
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
