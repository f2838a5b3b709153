"""What all rules share: the checked configuration, settings records, code dependencies, seeds."""

import ast
import functools
import json
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(workflow.basedir).parent
sys.path.insert(0, str(ROOT / "scripts"))

from collapse import configuration, contents, files, gaussian, generations, seeds
from collapse.errors import UserError


def stop(sentences):
    """End before any job starts, with one line for each mistake."""
    sys.exit("\n".join(f"ERROR: {sentence}" for sentence in sentences))


try:
    configuration.read_yaml("config.yaml")  # so that a syntax error is told with its line
except UserError as error:
    stop([error])


configfile: "config.yaml"


if config.get("scale") != "laptop":
    try:
        overlays = configuration.overlays(config.get("scale"), ROOT / "workflow" / "scales")
    except UserError as error:
        stop([error])

    for overlay in overlays:

        configfile: overlay


schema = configuration.read_yaml(ROOT / "workflow" / "schemas" / "config.yaml")
if found := configuration.mistakes(config, schema):
    stop(found)

SCALE = config["scale"]


wildcard_constraints:
    scale=SCALE,
    regime="|".join(config["regimes"]),
    run=r"\d\d+",
    batch=r"\d\d+",
    generation=r"\d\d+",
    size=r"\d+",
    ddof="[01]",
    setting="|".join(config["lm"]["settings"]),
    distribution="|".join(config["discrete"]["distributions"]),
    data="|".join(config["gmm"]["truths"]),


def record(path, value):
    """Write `value` beside the results, only if it differs from what stands there."""
    path = Path(path)
    try:
        if not path.is_file() or files.read_json(path) != json.loads(json.dumps(value)):
            files.write_json(path, value)
    except OSError as error:
        stop([f"{path} cannot be written ({error.strerror}): run where results/ is writable."])
    except ValueError:
        stop([f"{path} is not JSON any more: delete it and run again."])
    return str(path)


record(f"results/{SCALE}/config.json", config)


class Settings(NamedTuple):
    """The configuration values that determine a rule's output, and the file that records them.

    Rules pass `values` as a parameter and take `path` as an input, so that a changed number makes
    their jobs run again even where Snakemake has no memory of the last run. How far a chain goes
    (generations, runs) is among the values of what looks at whole chains, never of what trains.
    """

    values: dict
    path: str


def settings(rule_name, **values):
    """Settings of a rule; the root seed is always among them."""
    values = {"seed": config["seed"], **values}
    return Settings(values, record(f"results/{SCALE}/settings/{rule_name}.json", values))


REGIMES = {name: settings(f"regime_{name}", **mix) for name, mix in config["regimes"].items()}


@functools.cache
def code_of(script):
    """scripts/`script` and the library files that it imports, directly or not, as rule inputs."""
    library, script = ROOT / "scripts" / "collapse", ROOT / "scripts" / script
    found, queue = {library / "__init__.py", script}, [script]
    while queue:
        for node in ast.walk(ast.parse(queue.pop().read_text(encoding="utf-8"))):
            for module in imported_modules(node):
                file = library / f"{module}.py"
                if file.is_file() and file not in found:
                    found.add(file)
                    queue.append(file)
    return sorted(str(file.relative_to(ROOT)) for file in found)


def imported_modules(node):
    """Modules of the package that an import statement names."""
    if isinstance(node, ast.ImportFrom) and node.module == "collapse":
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("collapse."):
        return [node.module.split(".")[1]]
    if isinstance(node, ast.Import):
        names = [alias.name.split(".") for alias in node.names]
        return [name[1] for name in names if name[0] == "collapse" and len(name) > 1]
    return []


def needs(kind):
    """Resources of a job on a cluster: memory and time double with every attempt."""
    declared = config["jobs"][kind]
    growing = lambda name: lambda w, attempt: declared[name] * 2 ** (attempt - 1)
    gpu = {"gpu": 1} if declared.get("gpu") and config["device"] != "cpu" else {}
    return {"mem_mb": growing("mem_mb"), "runtime": growing("runtime"), **gpu}


# on a cluster, one job for all that a run trains, generation by generation; or none
CHAINS = {
    family: f"{family}_chain" if family in config["jobs"]["grouped"] else None
    for family in ("gaussian", "gmm", "vae", "lm")
}


def beside(group):
    """The group of a job that needs no GPU and follows those that do: none where they have one."""
    return group if config["device"] == "cpu" else None


def seed_of(family, role, *, without=()):
    """Parameter function: the seed of `role` at the place the job's wildcards name."""

    def of(wildcards):
        place = [f"{k}={v}" for k, v in wildcards.items() if k not in ("scale", *without)]
        return seeds.seed(config["seed"], family, *place, role)

    return of


def previous(wildcards, generations_per_job=1):
    """Last generation of the job before this one, padded like this one's."""
    last = generations.previous(int(wildcards.generation), generations_per_job)
    return str(last).zfill(len(wildcards.generation))
