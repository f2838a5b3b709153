"""What all rules share: fingerprints of code, seeds, resources, groups."""

from collapse.process import seeds

from pipeline import fingerprints, hashes


class Helpers:
    """Helpers of the rules of one configuration.

    Parameters
    ----------
    config : dict
        The checked configuration.
    """

    def __init__(self, config):
        self.config = config
        self._cache = hashes.HashCache()
        self._fingerprints = fingerprints.Fingerprints(self._cache)

    def code_of(self, script, *others):
        """Fingerprints of what a job is made with, see `fingerprints.Fingerprints.of_job`."""
        return self._fingerprints.of_job(script, *others)

    def save(self):
        """Remember fingerprints for the next start."""
        self._cache.save()

    def seed_of(self, family, role, *, without=()):
        """Parameter function: the seed of `role` at the place that a job's wildcards name."""

        def of(wildcards):
            place = {k: v for k, v in wildcards.items() if k not in ("scale", *without)}
            return self._seed(family, role, place)

        return of

    def seeds_of(self, family, role, places):
        """Parameter function: the seeds that other jobs have for `role`.

        Parameters
        ----------
        family, role : str
        places : callable
            Takes a job's wildcards and returns those of the other jobs, without ``scale`` and in
            the order of their rule.
        """
        return lambda wildcards: [self._seed(family, role, place) for place in places(wildcards)]

    def _seed(self, family, role, place):
        labels = [f"{name}={value}" for name, value in place.items()]
        return seeds.seed(self.config["seed"], family, *labels, role)

    def of(self, family, **inputs):
        """What a rule takes from a family: nothing if the family is not run."""
        return inputs if family in self.config["families"] else {}

    def needs(self, rule):
        """Resources of a heavy rule's jobs: memory and time double with every attempt."""
        declared = self.config["jobs"][rule]

        def growing(name):
            return lambda wildcards, attempt: declared[name] * 2 ** (attempt - 1)

        gpu = {"gpu": 1} if declared.get("gpu") and self.config["device"] != "cpu" else {}
        return {"mem_mb": growing("mem_mb"), "runtime": growing("runtime"), **gpu}

    def chain_group(self, family):
        """Group of a family whose generations are one job on a cluster; None if each is its own."""
        return f"{family}_chain" if family in self.config["jobs"]["grouped"] else None

    def cpu_group(self, family):
        """The same for jobs that need no GPU but follow those that do: none where they have one."""
        return self.chain_group(family) if self.config["device"] == "cpu" else None

    def constraints(self):
        """Patterns of all wildcards."""
        lm, any_of = self.config["lm"], "|".join
        return {
            "scale": self.config["scale"],
            "regime": any_of(self.config["regimes"]),
            "run": r"\d\d+",
            "batch": r"\d\d+",
            "generation": r"\d\d+",
            "size": r"\d+",
            "ddof": "[01]",
            "setting": any_of(lm["settings"]),
            "distribution": any_of(self.config["discrete"]["distributions"]),
            "data": any_of(self.config["gmm"]["truths"]),
            "corpus": "[a-z0-9_]+",
        }
