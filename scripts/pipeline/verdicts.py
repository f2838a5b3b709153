"""Whether results are what their records say, and what today's code would make."""

import collections
from pathlib import Path
from typing import NamedTuple

from pipeline import hashes, records

MATCHES, DIFFERS, ABSENT = "matches", "differs", "not here"
NO_RECORD = "it has no record"
_DERIVED = "it was made from "  # how a reason starts that follows from another job's


class Verdict(NamedTuple):
    """On one job: why it would not make the same today, and the state of each of its outputs."""

    job: object
    reasons: tuple  # empty: it would make the same
    states: dict  # of each output: MATCHES, DIFFERS or ABSENT
    record: dict | None

    @property
    def here(self):
        """Whether any output exists."""
        return any(state != ABSENT for state in self.states.values())

    @property
    def matches(self):
        """Whether no output and no reason speaks against it; outputs may be missing."""
        return not self.reasons and DIFFERS not in self.states.values()

    @property
    def derived(self):
        """Whether it fails only because of what other jobs made."""
        return bool(self.reasons) and all(reason.startswith(_DERIVED) for reason in self.reasons)


def judge(jobs, read=records.read, digest=None, constants=None):
    """A verdict on every job's outputs.

    An output matches if its bytes are the recorded ones; if its record names the rule, parameters
    (settings, seed, code fingerprint) and inputs that the job has today, with today's hashes; and
    if the same holds for the jobs that made its inputs. Inputs that are missing (a checkpoint that
    was not pulled or was pruned) are known by the hash in their own job's record, and those of a
    folder outside the project that is not on this machine by the hash in the record of the job.

    Parameters
    ----------
    jobs : sequence of pipeline.graph.Job
        Each after those whose outputs it takes.
    read : callable
        Returns the record at a path, or None.
    digest : callable
        Returns the SHA-256 of the file at a path, or None if there is none. By default every file
        is hashed once, without a cache.
    constants : dict of str to str, optional
        SHA-256 that an output has by definition, by path; a record of another one is wrong.

    Returns
    -------
    list of Verdict
        In the order of `jobs`.
    """
    digest = digest or hashes.HashCache(None).sha256
    made, verdicts = {}, []
    for job in jobs:
        record = read(job.record)
        outputs = record["outputs"] if record else {}
        reasons = (NO_RECORD,)
        if record:
            wrong = _wrong_constants(record, constants or {})
            reasons = (*wrong, *_reasons(job, record, made, digest))
        states = {path: _state(path, reasons, outputs, digest) for path in job.outputs}
        verdicts.append(Verdict(job, reasons, states, record))
        made |= dict.fromkeys(job.outputs, verdicts[-1])
    return verdicts


def why(verdict):
    """Why a job's outputs do not match, in one line."""
    if verdict.reasons:
        first, *others = sorted(verdict.reasons, key=lambda reason: reason.startswith(_DERIVED))
        return first + (f" (and {len(others)} more)" if others else "")
    return "its bytes differ from its record"


def count(verdicts):
    """How many outputs there are of each state."""
    states = [state for verdict in verdicts for state in verdict.states.values()]
    return {name: states.count(name) for name in (MATCHES, DIFFERS, ABSENT)}


def strays(scale, jobs):
    """Files among a scale's results that no job makes: left by other settings, for example.

    Parameters
    ----------
    scale : str
    jobs : list of pipeline.graph.Job
        All of the scale.

    Returns
    -------
    list of str
    """
    known = {path for job in jobs for path in (*job.outputs, job.record)}
    folders = {path.split("/")[2] for path in known if path.startswith("results/")}
    found = [path for name in folders for path in Path(f"results/{scale}/{name}").rglob("*")]
    return sorted(str(path) for path in found if path.is_file() and str(path) not in known)


def stale_lines(verdicts, most=12):
    """Which results do not match and will be recomputed: one line for each rule and reason.

    Parameters
    ----------
    verdicts : list of Verdict
    most : int
        Lines at most; the rest is counted.

    Returns
    -------
    list of str
        Empty if nothing that exists fails to match.
    """
    stale = [verdict for verdict in verdicts if verdict.here and not verdict.matches]
    groups = collections.defaultdict(list)
    for verdict in stale:
        if not verdict.derived:
            groups[verdict.job.rule, why(verdict)].append(verdict)
    lines = [
        f"  {rule} ×{len(group)}: {_first(group[0])}: {reason}"
        for (rule, reason), group in groups.items()
    ]
    if n_derived := sum(verdict.derived for verdict in stale):
        lines.append(f"  {n_derived} more jobs were made from these")
    if len(lines) > most:
        lines[most - 1 :] = [f"  ... and {len(lines) - most + 1} more lines"]
    header = f"{len(stale)} jobs' results do not match their records and will be recomputed:"
    return [header, *lines] if lines else []


def version_lines(verdicts, now=records.installed):
    """Which results were made with other versions of packages than those that are installed.

    Parameters
    ----------
    verdicts : list of Verdict
    now : callable
        Returns the installed version of a package, or None.

    Returns
    -------
    list of str
        One line for each package and version.
    """
    found = collections.Counter(
        (name, *versions)
        for verdict in verdicts
        if verdict.here and verdict.record
        for name, versions in records.other_versions(verdict.record, now).items()
    )
    return [
        f"{n} jobs were made with {name} {then}, but here it is {today or 'not installed'}: made "
        "again, they may have other bytes"
        for (name, then, today), n in sorted(found.items(), key=str)
    ]


def report(verdicts, waiting):
    """Print which results do not match and why, how many do, and what a run would still do.

    Parameters
    ----------
    verdicts : list of Verdict
    waiting : list of pipeline.graph.Job
        Jobs that Snakemake would run.

    Returns
    -------
    int
        Exit status: 1 if something that exists does not match.
    """
    for verdict in verdicts:
        for path, state in verdict.states.items():
            if state == DIFFERS:
                print(f"{state}  {path}: {why(verdict)}")
    counts = count(verdicts)
    print(
        f"{counts[MATCHES]} files match this code and configuration, {counts[DIFFERS]} do not, "
        f"{counts[ABSENT]} are not here"
    )
    if counts[DIFFERS]:
        print(remedy(verdicts))
    rules = collections.Counter(job.rule for job in waiting)
    listed = ", ".join(f"{rule} ×{n}" for rule, n in sorted(rules.items()))
    print(f"still to run: {listed}" if rules else "nothing is left to run")
    return int(counts[DIFFERS] > 0)


def remedy(verdicts):
    """What to do about results that do not match, in one line."""
    bare = sum(verdict.here and verdict.reasons == (NO_RECORD,) for verdict in verdicts)
    pulled = f" {bare} jobs have no record here: fetch records with 'make pull'." if bare else ""
    return (
        "To recompute what does not match, run 'make reproduce'; or check out the revision and "
        f"settings that it belongs to.{pulled}"
    )


def _first(verdict):
    """The first output that is there and does not match."""
    return next(path for path, state in verdict.states.items() if state == DIFFERS)


def _state(path, reasons, outputs, digest):
    found = digest(path)
    if found is None:
        return ABSENT
    return MATCHES if not reasons and found == outputs.get(path) else DIFFERS


def _wrong_constants(record, constants):
    """Outputs whose recorded hash is not the one that they have by definition."""
    for path, found in record["outputs"].items():
        if constants.get(path, found) != found:
            yield f"its record is of another {path} than the canonical one"


def _reasons(job, record, made, digest):
    """What differs between a job and its record."""
    if record["rule"] != job.rule and set(record["outputs"]) != set(job.outputs):
        yield f"rule {record['rule']} made it, today {job.rule} would"
    then, now = dict(record["parameters"]), dict(job.parameters)
    yield from _code_changes(then.pop("code", {}), now.pop("code", {}))
    yield from _changes(then, now)
    for path in sorted(set(record["inputs"]) ^ set(job.inputs)):
        if _is_out_of_reach(path):
            continue
        yield f"{path} {'is no longer' if path in record['inputs'] else 'was not yet'} an input"
    for path in sorted(set(record["inputs"]) & set(job.inputs)):
        recorded = record["inputs"][path]
        if path in made:
            yield from _upstream(path, made[path], recorded)
        elif digest(path) != recorded:
            yield f"{path} has changed"


def _is_out_of_reach(path):
    """Whether a file belongs to a folder outside the project that is not on this machine."""
    return not path.startswith(("data/", "results/")) and not Path(path).parent.is_dir()


def _code_changes(then, now):
    for path in sorted({*then, *now}):
        if then.get(path) != now.get(path):
            yield (
                f"{path} has changed"
                if path in then and path in now
                else (f"{path} is {'no longer' if path in then else 'now'} part of its code")
            )


def _upstream(path, verdict, recorded):
    if verdict.reasons:
        yield f"{_DERIVED}{path}, which does not match"
    elif verdict.record["outputs"].get(path) != recorded:
        yield f"{_DERIVED}another {path}"


def _changes(then, now, key=""):
    """A sentence for every value in which two parameter blocks differ."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted({*then, *now}):
            yield from _changes(then.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif then != now:
        yield f"{key} was {_short(then)}, now {_short(now)}"


def _short(value):
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
