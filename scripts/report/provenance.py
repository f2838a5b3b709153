"""What the figures and tables of a workflow are made from, read from the workflow's rules."""

import functools
import hashlib
import inspect
import json
import re
from pathlib import Path
from typing import NamedTuple

from pipeline import hashes


class Job(NamedTuple):
    """A job behind a figure or table: its rule, wildcards, and the files that it takes."""

    rule: object
    wildcards: dict
    inputs: tuple
    takes: frozenset  # steps that make these files

    @property
    def key(self):
        """What the job is identified by."""
        return self.rule.name, *sorted(self.wildcards.items())

    @property
    def step(self):
        """The rule's name on the page, which does not depend on which models are kept."""
        return step_of(self.rule)


class Provenance:
    """Input and parameter functions that follow files back to the data.

    Nothing is computed before the first call; use the methods only as input and parameter functions
    (or later), when all rules are defined. Each job's inputs are determined once.

    Parameters
    ----------
    workflow : object
        Snakemake's workflow, or anything with ``rules``: objects with ``name``, ``output``,
        ``params``, ``is_producer(path)``, ``get_wildcards(path)`` and ``expand_input(wildcards)``,
        whose first item is the list of input files.
    families : list of report.contents.Family
    figures, tables : list of str
        Files of the default target.
    scale : str
    """

    def __init__(self, workflow, families, figures, tables, scale):
        self._workflow = workflow
        self._families = families
        self._targets = [*figures, *tables]
        self._scale = scale
        self._producers, self._job_of, self._jobs = {}, {}, {}

    def producer(self, path):
        """The rule that makes a file; None for a file that exists from the start."""
        if path not in self._producers:
            candidates = (rule for rule, prefixes in self._prefixes if path.startswith(prefixes))
            self._producers[path] = next((r for r in candidates if r.is_producer(path)), None)
        return self._producers[path]

    def job(self, path):
        """The job that makes a file; None for a file that exists from the start."""
        if path not in self._job_of:
            rule = self.producer(path)
            self._job_of[path] = rule and self._job(rule, dict(rule.get_wildcards(path).items()))
        return self._job_of[path]

    def _job(self, rule, wildcards):
        key = rule.name, *sorted(wildcards.items())
        if key not in self._jobs:
            inputs = tuple(map(str, rule.expand_input(_namedlist(wildcards))[0]))
            makers = set(map(self.producer, inputs)) - {None}
            self._jobs[key] = Job(rule, wildcards, inputs, frozenset(map(step_of, makers)))
        return self._jobs[key]

    def ancestry(self, targets):
        """All jobs behind files, and all files that these jobs take.

        Parameters
        ----------
        targets : iterable of str

        Returns
        -------
        jobs : list of Job
        files : set of str
            Includes the targets.
        """
        jobs, queue = {}, list(targets)
        seen = set(queue)
        while queue:
            job = self.job(queue.pop())
            if job is None or job.key in jobs:
                continue
            jobs[job.key] = job
            queue += [path for path in job.inputs if path not in seen]
            seen.update(job.inputs)
        return list(jobs.values()), seen

    def data(self, w=None):
        """All data files behind the figures and tables."""
        return sorted(path for path in self._everything[1] if path.startswith("data/"))

    def data_sums(self, w=None):
        """Files that list the data's hashes: for each data file, the closest one above it."""
        return sorted({self._sums_above(path) for path in self.data()} - {None})

    def code(self, w=None):
        """Fingerprints of all sources behind the figures and tables, by path.

        Rules may use different parts of a file: then its fingerprints are combined.
        """
        jobs, _ = self._everything
        rules = {job.rule.name: job.rule for job in jobs}.values()
        return hashes.combined(rule.params.get("code", {}) for rule in rules)

    def settings(self, w=None):
        """SHA-256 of the settings of each step's jobs: of the lines of JSON, one a distinct set.

        Settings are parameters that are values or functions of the wildcards alone, except code
        and seeds.
        """
        found = {}
        for job in self._everything[0]:
            block = json.dumps(_settings(job), sort_keys=True, default=str)
            found.setdefault(job.step, set()).add(block)
        return {
            step: hashlib.sha256("\n".join(sorted(blocks)).encode()).hexdigest()
            for step, blocks in sorted(found.items())
            if blocks != {"{}"}
        }

    def drawn_from(self, w=None):
        """For each figure, by name, the CSV tables that it is drawn from."""
        images = [path for path in self._targets if path.endswith(".png")]
        return {
            Path(path).stem: [name for name in self.job(path).inputs if name.endswith(".csv")]
            for path in images
        }

    def figure_data(self, w=None):
        """All CSV tables that figures are drawn from."""
        return sorted({name for tables in self.drawn_from().values() for name in tables})

    def family_steps(self, w=None):
        """For each family, the steps behind its figures and tables, as the page draws them.

        Returns
        -------
        dict of str to dict
            By the family's id, for each step ``jobs``, the number of its jobs, and ``takes``, the
            steps whose files they take.
        """
        return self._family_steps

    def columns(self, w=None):
        """For each family, by title, its own steps: what the picture of the pipeline shows.

        Returns
        -------
        dict of str to dict
            For each step ``stage`` (data, generations, tables or figures) and ``takes``. Data steps
            belong to every family that takes them, other steps to one family. Nothing depends on
            the number of jobs.
        """
        jobs = {job.step: job for job in self._everything[0]}
        takes = {step: entry["takes"] for step, entry in steps(self._everything[0]).items()}
        homes = self._homes(jobs, takes)
        found = {family.title: {} for family in self._families}
        for step in sorted(jobs):
            takers = [name for name in takes if step in takes[name] and name in homes]
            for title in sorted({homes[step]} if step in homes else {homes[n] for n in takers}):
                found[title][step] = {"stage": self._stage(jobs[step]), "takes": takes[step]}
        return {title: own for title, own in found.items() if own}

    def shown(self, *parts):
        """Input function: files in folders of the scale that figures and tables take, or are."""
        folders = tuple(f"results/{self._scale}/{part}/" for part in parts)
        return lambda w: sorted(path for path in self._shown_files if path.startswith(folders))

    @functools.cached_property
    def _everything(self):
        return self.ancestry(self._targets)

    @functools.cached_property
    def _family_steps(self):
        return {
            family.id: steps(self.ancestry(self._shown(family))[0]) for family in self._families
        }

    @functools.cached_property
    def _shown_files(self):
        drawn = tuple(f"results/{self._scale}/{part}/" for part in ("tables", "figures"))
        found, queue = set(), list(self._targets)
        while queue:
            path = queue.pop()
            if path in found or not path.startswith("results/"):
                continue
            found.add(path)
            if path.startswith(drawn):
                queue += self.job(path).inputs
        return found

    @functools.cached_property
    def _prefixes(self):
        """Rules with the beginnings of their outputs up to the first wildcard but the scale."""
        return [
            (rule, tuple(self._fill(str(path)).partition("{")[0] for path in rule.output))
            for rule in self._workflow.rules
            if rule.output
        ]

    def _fill(self, pattern):
        return re.sub(r"\{scale\b[^}]*\}", lambda _: self._scale, pattern)

    def _shown(self, family):
        folder = f"results/{self._scale}"
        return [f"{folder}/figures/{name}.png" for name in family.figures] + [
            f"{folder}/tables/{name}.md" for name in family.tables
        ]

    def _sums_above(self, path):
        candidates = (f"{folder}/SHA256SUMS" for folder in Path(path).parents)
        return next(filter(self.producer, candidates), None)

    def _part(self, job):
        """The folder of a job's first output: data, or the part of the scale's results."""
        first = self._fill(str(job.rule.output[0]))
        return "data" if first.startswith("data/") else first.split("/")[2]

    def _stage(self, job):
        part = self._part(job)
        return part if part in ("data", "tables", "figures") else "generations"

    def _homes(self, jobs, takes):
        """Title of the family that each step belongs to; steps of data belong to none.

        Models and samples belong to the family that names their folder, figures and tables to the
        family that shows them. Any other step belongs to the family of the steps whose files it
        takes or, if these are of none or several, to the smallest family that it is behind.
        """
        titles = {family.id: family.title for family in self._families}
        homes = {name: titles.get(self._part(job)) for name, job in jobs.items()}
        for family in self._families:
            homes |= dict.fromkeys(
                (self.job(path).step for path in self._shown(family)), family.title
            )
        behind = sorted(self._family_steps.items(), key=lambda item: len(item[1]))

        def home(name):
            if not homes[name] and self._part(jobs[name]) != "data":
                taken = {home(other) for other in takes[name] if other != name} - {None}
                smallest = next(titles[id] for id, found in behind if name in found)
                homes[name] = taken.pop() if len(taken) == 1 else smallest
            return homes[name]

        return {name: title for name in jobs if (title := home(name))}


def step_of(rule):
    """A rule's name on the page, which does not depend on which models are kept."""
    return rule.name.removesuffix("_pruned")


def steps(jobs):
    """Count jobs by step, and collect the steps whose files they take.

    Parameters
    ----------
    jobs : iterable of Job

    Returns
    -------
    dict of str to dict
        For each step, by name, ``jobs`` (their number) and ``takes`` (names of steps).
    """
    found = {}
    for job in jobs:
        places, takes = found.setdefault(job.step, (set(), set()))
        places.add(tuple(sorted(job.wildcards.items())))
        takes |= job.takes
    return {
        step: {"jobs": len(places), "takes": sorted(takes)}
        for step, (places, takes) in sorted(found.items())
    }


def _settings(job):
    return {
        name: value(_namedlist(job.wildcards)) if callable(value) else value
        for name, value in job.rule.params.items()
        if name != "code"
        and not name.endswith("seed")
        and (not callable(value) or len(inspect.signature(value).parameters) == 1)
    }


def _namedlist(wildcards):
    from snakemake.iocontainers import Wildcards

    return Wildcards(fromdict=wildcards)
