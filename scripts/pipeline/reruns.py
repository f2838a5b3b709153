"""Which jobs run again: those whose records do not fit today's plan, whatever time stamps say.

Snakemake decides by modification times and by metadata of its own, which neither a clone nor a
pulled artefact has. This module replaces that decision for every job that leaves a record (see
`pipeline.records`), each time that Snakemake plans: for plain ``snakemake``, too. Jobs of other
workflows that use this one as a module are decided by Snakemake as usual.
"""

import collections
import contextlib
import sys

from pipeline import graph, hashes, records, verdicts

_options = {"quiet": False, "fresh": False}
_constants = {}  # SHA-256 of outputs that are the same under all settings, by path


def hold_constant(sums):
    """Accept no other bytes of some outputs than these, whatever their records say.

    Parameters
    ----------
    sums : dict of str to str
        SHA-256 by path.
    """
    _constants.update(sums)


def install(workflow):
    """Let records decide in this process, and no time stamp anywhere.

    The processes of single jobs decide nothing; they only accept inputs of any date.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    """
    from snakemake.dag import DAG

    if hasattr(DAG, "decided_by_records"):
        return
    DAG.decided_by_records = True
    _ignore_dates(DAG)
    if not workflow.is_main_process:
        return
    original_update, original_incomplete = DAG.update_needrun, DAG.incomplete_files

    async def update_needrun(dag, *args, **kwargs):
        with _records_decide(dag):
            return await original_update(dag, *args, **kwargs)

    async def incomplete_files(dag):
        # a job that was killed before it wrote its record has no matching one
        ours = {str(file) for job in dag.jobs if graph.is_recorded(job) for file in job.output}
        return [file for file in await original_incomplete(dag) if str(file) not in ours]

    DAG.update_needrun, DAG.incomplete_files = update_needrun, incomplete_files


def _ignore_dates(dag_type):
    """Accept outputs that are older than an input, as next to a file dated in the future."""
    original = dag_type.check_output_mtime

    async def check_output_mtime(dag, job, outputs):
        if not graph.is_recorded(job):
            await original(dag, job, outputs)

    dag_type.check_output_mtime = check_output_mtime


@contextlib.contextmanager
def quiet(*, fresh):
    """Within the context, print nothing of what does not match; `fresh`: hash every file again."""
    before = dict(_options)
    _options.update(quiet=True, fresh=fresh)
    try:
        yield
    finally:
        _options.update(before)


def judged(dag):
    """Verdicts on all jobs of Snakemake's graph that leave records; files are hashed once.

    Returns
    -------
    list of (pipeline.verdicts.Verdict, snakemake.jobs.Job)
        Each after those whose outputs it takes.
    """
    known = getattr(dag, "judged", None)
    if known is None or known[0] != set(dag.jobs):
        pairs = graph.jobs_of(dag)
        cache = hashes.HashCache(fresh=_options["fresh"])
        found = verdicts.judge([job for job, _ in pairs], digest=cache.sha256, constants=_constants)
        cache.save()
        if not _options["quiet"]:
            _print_stale(dag, found)
        jobs = [job for _, job in pairs]
        known = dag.judged = set(dag.jobs), list(zip(found, jobs, strict=True))
    return known[1]


@contextlib.contextmanager
def _records_decide(dag):
    """Give Snakemake's own decision the records' answers instead of times and metadata."""
    from snakemake.io import _IOFile

    pairs = judged(dag)
    for verdict, job in pairs:
        if not verdict.matches and verdict.here:
            reason = dag.reason(job)
            reason.code_changed, reason.derived = True, verdict.derived
    jobs = [job for _, job in pairs]
    ours, inputs = set(jobs), {id(file) for job in jobs for file in job.input}
    persistence, is_newer = dag.workflow.persistence, _IOFile.is_newer
    depending, dag.depending = dag.depending, _affected(dag, pairs)

    async def newer(file, time):
        return False if id(file) in inputs else await is_newer(file, time)

    answers = {
        "has_metadata": True,
        "has_outdated_metadata": False,
        "params_changed": False,
        "input_changed": (),
        "code_changed": (),
    }
    _IOFile.is_newer = newer
    for name, answer in answers.items():
        setattr(persistence, name, _answering(getattr(persistence, name), answer, ours))
    try:
        yield
    finally:
        _IOFile.is_newer, dag.depending = is_newer, depending
        for name in answers:
            delattr(persistence, name)


def made_again(dag):
    """Records of the jobs that are going to make recorded bytes again, by their paths."""
    return {
        verdict.job.record: verdict.record["outputs"]
        for verdict, job in judged(dag)
        if verdict.matches and dag.needrun(job)
    }


def changed(outputs):
    """Files that came out otherwise than recorded, on another kind of processor for example.

    Parameters
    ----------
    outputs : dict
        As `made_again` gave it before the jobs ran.

    Returns
    -------
    list of str
    """
    found = []
    for path, before in outputs.items():
        now = (records.read(path) or {}).get("outputs", before)
        found += [name for name in before if now.get(name) != before[name]]
    return found


def found_inputs(dag):
    """SHA-256 of the files that match and that waiting jobs take as they are, by path."""
    pairs = judged(dag)
    taken = {str(file) for _, job in pairs if dag.needrun(job) for file in job.input}
    return {
        path: verdict.record["outputs"][path]
        for verdict, job in pairs
        if not dag.needrun(job)
        for path, state in verdict.states.items()
        if state == verdicts.MATCHES and path in taken
    }


def _affected(dag, pairs):
    """Snakemake's edges from each job to those that run again if it runs.

    A job whose record fits, but whose outputs are missing, makes the recorded bytes again: what was
    made from them stays as it is. This does not hold for what a user forces, and what follows.
    """
    recorded = {job for _, job in pairs}
    forced = set(dag.bfs(dag.depending, *(job for job in recorded if _is_forced(dag, job))))
    again = {job for verdict, job in pairs if verdict.matches} - forced
    affected = collections.defaultdict(lambda: collections.defaultdict(set), dag.depending)
    for job in again:
        others = dag.depending[job].items()
        affected[job] = {other: files for other, files in others if other not in recorded}
    return affected


def _is_forced(dag, job):
    return job.rule in dag.forcerules or not dag.forcefiles.isdisjoint(job.output)


def _answering(original, answer, ours):
    return lambda job, *args, **kwargs: answer if job in ours else original(job, *args, **kwargs)


def _print_stale(dag, found):
    from snakemake.settings.enums import Quietness

    if Quietness.ALL not in (dag.workflow.output_settings.quiet or ()):
        for line in verdicts.stale_lines(found):
            print(line, file=sys.stderr)
