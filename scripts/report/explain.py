"""Print what figures, tables or other results are made from, back to the data.

Runs nothing: Snakemake's plan names the jobs, and the files that are here are hashed.
"""

import json
import signal
from collections import Counter
from pathlib import Path

import networkx
from collapse.errors import UserError
from pipeline import configuration, engine, files, layout, plan, targets

SHORT = 8  # a layer of the configuration with at most this many values is listed


def run(scale, families, profile, names, options):
    """Print where the configuration comes from, and an explanation of each name.

    Parameters
    ----------
    scale : str
    families : sequence of str
        None: those of the scale.
    profile : str or None
        A folder with Snakemake options, which may give values of the configuration.
    names : sequence of str
        Figures or tables by name, or paths of results; none: all figures of the families.
    options : sequence of str
        ``--config`` and ``--configfile`` with their values, as for a run.

    Raises
    ------
    UserError
        If a name is unknown, or neither a name nor a family is given.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the reader may stop early
    asked = engine.options(engine.place("all", profile), options, scale=scale)
    if asked.others or asked.targets:
        raise UserError(
            f"explain runs nothing: of ARGS it takes --config and --configfile, but not "
            f"{' '.join([*asked.others, *asked.targets])}."
        )
    given, _ = targets.of_families(families, (), scale, asked.given)
    *layers, _ = configuration.layers_of(given.layers(scale))
    print("\n".join(loaded(layers)), end="\n\n\n")
    with plan.planned(scale, given=given) as planned:
        made = {path: job for job in planned.jobs for path in job.outputs}
        config = planned.config
    own = layout.Layout(config).own_figures() if families else [""]
    found = [path for name in names or own for path in paths_of(name, made, scale)]
    seed = config["seed"]
    print("\n\n\n".join("\n".join(explanation(path, made, scale, seed)) for path in found))


def loaded(layers):
    """Where the configuration comes from, as lines of text.

    Parameters
    ----------
    layers : list of (str, dict)
        As `pipeline.configuration.layers_of` gives them.
    """
    yield "configuration; each source overrides those before it"
    for origin, values in layers:
        keys = list(_dotted(values))
        yield f"  {origin}: {', '.join(keys) if len(keys) <= SHORT else f'{len(keys)} values'}"


def _dotted(values, above=""):
    for key, value in values.items():
        nested = isinstance(value, dict) and value
        yield from _dotted(value, f"{above}{key}.") if nested else [f"{above}{key}"]


def paths_of(name, made, scale):
    """Results that a name stands for.

    Parameters
    ----------
    name : str
    made : collection of str
        Paths of all results.
    scale : str

    Returns
    -------
    list of str

    Raises
    ------
    UserError
        If there are none; the message lists similar names.
    """
    if found := [path for path in (name, *targets.shown_paths(name, scale)) if path in made]:
        return found
    shown = (f"results/{scale}/figures/", f"results/{scale}/tables/")
    known = {path if "/" in name else Path(path).stem for path in made if path.startswith(shown)}
    raise targets.unknown(name, scale, set(made) if "/" in name else known)


def chain(path, made):
    """All jobs behind a file, and their rules in order.

    Parameters
    ----------
    path : str
    made : dict of str to pipeline.graph.Job
        The job that makes each result.

    Returns
    -------
    jobs : list of pipeline.graph.Job
    rules : list of str
        From data to the file.
    """
    graph, jobs, queue = networkx.DiGraph(), {}, [made[path]]
    while queue:
        job = queue.pop()
        if job.record in jobs:
            continue
        jobs[job.record] = job
        graph.add_node(job.record)
        before = {made[file].record: made[file] for file in job.inputs if file in made}
        graph.add_edges_from((record, job.record) for record in before)
        queue += before.values()
    last = {}
    for depth, records in enumerate(networkx.topological_generations(graph)):
        last |= dict.fromkeys((jobs[record].rule for record in records), depth)
    return list(jobs.values()), sorted(last, key=lambda rule: (last[rule], rule))


def state(path, jobs):
    """Whether a file exists and is what its chain of jobs would give."""
    count = Counter(job.rule for job in jobs if job.waiting)
    if not count:
        return "up to date" if Path(path).exists() else "not here, and no other file needs it"
    again = ", ".join(f"{rule} ×{n}" for rule, n in sorted(count.items()))
    return f"{'out of date' if Path(path).exists() else 'not made yet'}; still to run: {again}"


def explanation(path, made, scale, seed):
    """The chain of jobs behind a file, as lines of text."""
    jobs, rules = chain(path, made)
    of_rule = {rule: [job for job in jobs if job.rule == rule] for rule in rules}
    # jobs that use different parts of a file have different fingerprints of it
    code = sorted({item for job in jobs for item in job.parameters["code"].items()})
    taken = {file for job in jobs for file in job.inputs} | {path}
    yield from (path, f"  scale {scale}; {state(path, jobs)}")
    yield from ("", "rules, from data to result")
    for rule in rules:
        yield f"  {rule} ×{len(of_rule[rule])}: {made_with(of_rule[rule])}"
    yield from ("", "data (SHA-256)")
    yield from (hashed(file) for file in sorted(taken) if file.startswith("data/"))
    yield from ("", "settings")
    for rule in rules:
        blocks = sorted({settings(job) for job in of_rule[rule]} - {"{}"})
        yield from [f"  {rule}", *(f"    {block}" for block in blocks)] if blocks else ()
    yield from ("", "code (fingerprint of the parts used, without comments and docstrings)")
    yield from (f"  {known[:16]}  {name}" for name, known in code if name.endswith(".py"))
    yield from ("", "captions, reference values (SHA-256)")
    yield from (f"  {known[:16]}  {name}" for name, known in code if not name.endswith(".py"))
    yield from ("", f"root seed {seed}: each job's seed follows from it and the job's wildcards")


def made_with(jobs):
    """Script and number of library files of one rule's jobs."""
    code = {name for job in jobs for name in job.parameters["code"] if name.endswith(".py")}
    scripts = sorted(name for name in code if name.startswith("scripts/jobs/"))
    return f"{', '.join(scripts)} and {len(code) - len(scripts)} library files"


def settings(job):
    """Parameters of a job except code and seeds, as JSON."""
    values = {
        name: value
        for name, value in job.parameters.items()
        if name != "code" and not name.endswith("seed")
    }
    return json.dumps(values, sort_keys=True)


def hashed(path):
    """A line with a file's hash."""
    known = files.sha256(path) if Path(path).is_file() else "not here yet".ljust(64)
    return f"  {known}  {path}"
