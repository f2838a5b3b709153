"""The configuration: every mistake in it is one sentence, told before any job starts."""

import difflib
import math
from pathlib import Path

import jsonschema
import yaml

from collapse.errors import UserError
from collapse.generations import REAL, Regime

_TYPES = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "null",
}

# names that a regime's files could be mistaken for
_RESERVED = {
    REAL: "generation 0, which all regimes share",
    "estimation": "the figure gaussian_estimation",
    "growing": "the figure gaussian_growing",
    "wasserstein": "the figure gaussian_wasserstein",
}

# names that stand for one mix, wherever closed forms or published values are shown
_MEANINGS = {
    "replace": Regime(),
    "pool": Regime(accumulate=True),
    "pool_subsample": Regime(accumulate=True, subsample=True),
}
# JSON takes 5.0 for an integer; file names and loops do not
_Strict = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def mistakes(config, schema):
    """All that is wrong with a configuration.

    Parameters
    ----------
    config : dict
    schema : dict
        JSON schema.

    Returns
    -------
    list of str
        One sentence each: key, value, remedy. Relations between keys are looked at only once
        every key by itself is right.
    """
    validator = _Strict(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.path)))
    sentences = [_sentence(error) for error in errors] + list(_not_finite(config))
    return sentences or list(_contradictions(config))


def read_yaml(path):
    """Parse a YAML file that holds a mapping; a UserError names file and line of a mistake."""
    try:
        value = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): put it back.") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1
        raise UserError(f"{path}, line {line}: {error.problem}; mend the YAML there.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not YAML text: put it back.") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} holds no 'key: value' lines: write some, or put it back.")
    return value


def overlays(scale, folder):
    """Paths of the files that turn the default configuration into the named scale, in this order.

    A scale's file holds what differs from the laptop scale (the default) or, with ``extends``,
    from another.

    Raises
    ------
    UserError
        If a file is missing, says that it is another scale's, or extends itself by others.
    """
    paths, key = [], "scale"
    while scale != "laptop":
        path = _overlay(scale, Path(folder), key)
        if path in paths:
            names = ", ".join(file.stem for file in paths)
            raise UserError(f"{paths[0]} closes a circle of extends among {names}: open it.")
        paths.insert(0, path)
        scale, key = read_yaml(path).get("extends", "laptop"), f"{path}: extends"
    return paths


def _overlay(scale, folder, key):
    """Path of a scale's file; `key` is what names it."""
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if scale not in known:
        raise UserError(
            f"{key} is {scale!r}: choose one of laptop, {', '.join(known)}, or add a file for it "
            "to workflow/scales."
        )
    path = folder / f"{scale}.yaml"
    named = read_yaml(path).get("scale")
    if named != scale:
        raise UserError(f"{path} says scale: {named}: a scale has its file's name, {scale}.")
    return path


def value(config, key):
    """The value of a dotted key of a checked configuration."""
    for name in key.split("."):
        if not isinstance(config, dict) or name not in config:
            raise UserError(f"{key} is no key of the configuration: name one of config.yaml.")
        config = config[name]
    return config


def regime(config, name):
    """The named regime of a checked configuration."""
    return Regime(**config["regimes"][name])


def _sentence(error):
    key = _key(error.absolute_path)
    found = f"{key} is {error.instance!r}"
    limit = error.validator_value
    match error.validator:
        case "additionalProperties":
            return _unknown_keys(error, key)
        case "required":
            missing = next(name for name in limit if name not in error.instance)
            return f"{key} lacks '{missing}': add it as in config.yaml."
        case "type":
            wanted = limit if isinstance(limit, list) else [limit]
            hint = _number_hint(error.instance) if "number" in wanted else ""
            return f"{found}, but must be {' or '.join(_TYPES[name] for name in wanted)}{hint}."
        case "enum":
            return f"{found}: choose one of {', '.join(map(str, limit))}."
        case "minimum":
            return f"{found}: it must be at least {limit}."
        case "maximum":
            return f"{found}: it must be at most {limit}."
        case "exclusiveMinimum":
            return f"{found}: it must be greater than {limit}."
        case "minItems" | "minProperties":
            return f"{found}: it needs at least {limit} entries."
        case "maxItems":
            return f"{found}: it takes at most {limit} entries."
        case "uniqueItems":
            return f"{found}: the same entry stands twice; drop one."
        case "pattern":
            return f"{found}: use lower-case letters, digits and _, a letter first."
    return f"{found}: {error.message}."


def _not_finite(value, path=()):
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{_key(path)} is {value}, but must be a finite number."
    elif isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from _not_finite(part, (*path, name))


def _number_hint(text):
    """YAML reads 1e-3 as text; say how to write it."""
    try:
        return f": write {float(text)!r}" if isinstance(text, str) else ""
    except ValueError:
        return ""


def _key(path):
    return ".".join(map(str, path)) or "the configuration"


def _unknown_keys(error, key):
    known = list(error.schema["properties"])
    name = next(name for name in error.instance if name not in known)
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"it takes {', '.join(known)}."
    return f"{key} has an unknown key '{name}': {hint}"


def _contradictions(config):
    regimes = list(_regime_contradictions(config))
    if regimes:  # the rest builds on them
        yield from regimes
        return
    yield from _discrete_contradictions(config["discrete"]["tail_cutting"])
    yield from _blocks_contradictions("gaussian", config["gaussian"], [config["gaussian"]])
    yield from _blocks_contradictions("gmm", config["gmm"], config["gmm"]["chains"])
    yield from _gmm_contradictions(config)
    yield from _vae_contradictions(config)
    yield from _lm_contradictions(config)
    yield from _figure_contradictions(config)
    source = config["datasets"]["mnist"]
    if source["source"] == "path":
        if source["path"] is None:
            yield "datasets.mnist.source is 'path', but datasets.mnist.path is null: name a folder."
        elif not Path(source["path"]).is_dir():
            kind = "a file" if Path(source["path"]).is_file() else "not there"
            yield (
                f"datasets.mnist.path is '{source['path']}', which is {kind}: name the folder "
                "that holds the four MNIST files."
            )


def _regime_contradictions(config):
    for name, shares in config["regimes"].items():
        found = list(_share_contradictions(name, shares))
        yield from found
        if not found and name in _MEANINGS and Regime(**shares) != _MEANINGS[name]:
            yield f"regimes.{name} is not what this name stands for: choose another name."
    families = ("gaussian", "gmm", "kde", "vae")
    named = {f"{family}.regimes": config[family]["regimes"] for family in families}
    for name, setting in config["lm"]["definitions"].items():
        named[f"lm.definitions.{name}.regime"] = [setting["regime"]]
    known = ", ".join(config["regimes"])
    for key, names in named.items():
        for name in names:
            if name not in config["regimes"]:
                yield f"{key} names '{name}', which regimes does not define: {known}."


def _share_contradictions(name, shares):
    if name in _RESERVED:
        yield f"regimes.{name}: this name is taken by {_RESERVED[name]}; choose another."
    accumulates = shares.get("accumulate", False)
    for key in ("new", "previous", "real"):
        if accumulates and key in shares:
            yield f"regimes.{name} accumulates, so its '{key}' has no meaning: drop it."
    for key in ("keep_real", "subsample"):
        if not accumulates and key in shares:
            yield f"regimes.{name}.{key} has a meaning only with accumulate: true: drop it."
    try:
        Regime(**shares)
    except ValueError as error:
        yield f"regimes.{name}: {error}."


def _discrete_contradictions(tails):
    bins = 2 * tails["limit"] / tails["bin_width"]
    if bins < 1 or abs(bins - round(bins)) > 1e-9 * bins:
        yield (
            f"discrete.tail_cutting.bin_width is {tails['bin_width']}, which does not divide the "
            f"range from -{tails['limit']} to {tails['limit']}: change one of them."
        )
    if len(tails["generations"]) > 6:
        yield (
            f"discrete.tail_cutting.generations asks for {len(tails['generations'])} generations, "
            "more than can be told apart in the figure: name at most 6."
        )


def _blocks_contradictions(family, section, chains):
    """Of a family whose jobs run blocks of generations for batches of runs."""
    if section["runs"] % section["runs_per_job"]:
        yield (
            f"{family}.runs is {section['runs']}, which is not a multiple of "
            f"{family}.runs_per_job, {section['runs_per_job']}: change one of them."
        )
    longest = max(chain["last_generation"] for chain in chains)
    if longest > 200 * section["generations_per_job"]:
        yield (
            f"{family}.generations_per_job is {section['generations_per_job']}, which makes a "
            f"chain of more than 200 jobs for {longest} generations: raise it."
        )


def _gmm_contradictions(config):
    gmm, figure = config["gmm"], config["figures"]["gmm_samples"]
    for name in gmm["data"]:
        if name not in gmm["truths"]:
            known = ", ".join(gmm["truths"])
            yield f"gmm.data names '{name}', which gmm.truths does not define: {known}."
    last = {chain["size"]: chain["last_generation"] for chain in gmm["chains"]}
    if len(last) < len(gmm["chains"]):
        yield "gmm.chains has one size twice: drop one."
    if figure["size"] not in last:
        sizes = ", ".join(map(str, last))
        yield (
            f"figures.gmm_samples.size is {figure['size']}, which gmm.chains does not run: "
            f"choose one of {sizes}."
        )
    for generation in figure["generations"]:
        if generation > last.get(figure["size"], math.inf):
            yield (
                f"figures.gmm_samples.generations asks for {generation}, but the chain of size "
                f"{figure['size']} in gmm.chains ends with {last[figure['size']]}: raise the one "
                f"or drop {generation}."
            )
    if figure["run"] >= gmm["runs"]:
        yield (
            f"figures.gmm_samples.run is {figure['run']}, but gmm.runs is {gmm['runs']} and runs "
            f"are numbered from 0: choose at most {gmm['runs'] - 1}."
        )


def _vae_contradictions(config):
    vae = config["vae"]
    if vae["evaluation"]["images"] > vae["images"]:
        yield (
            f"vae.evaluation.images is {vae['evaluation']['images']}, but a generation has only "
            f"{vae['images']} (vae.images): lower it."
        )
    if vae["samples"] == "streaming" and config["keep_models"] == "none":
        yield (
            "keep_models is 'none', but vae.samples is 'streaming', where each model learns from "
            "the one before it, so that one more generation would train all of them again: use "
            "last or all, or finite samples."
        )
    for name in vae["regimes"]:
        mix = Regime(**config["regimes"].get(name, {}))
        if vae["samples"] == "streaming" and mix != Regime():
            yield (
                f"vae.samples is 'streaming', which has no data set to mix for regime '{name}': "
                "use finite, or regimes with new: 1."
            )


def _lm_contradictions(config):
    lm, figures = config["lm"], config["figures"]
    known = ", ".join(lm["definitions"])
    for name in lm["settings"]:
        if name not in lm["definitions"]:
            yield f"lm.settings names '{name}', which lm.definitions does not define: {known}."
        elif (
            lm["prompts"] == "previous"
            and regime(config, lm["definitions"][name]["regime"]).accumulate
        ):
            yield (
                f"lm.prompts is 'previous', but the regime of '{name}' accumulates, so that there "
                "would be more prompts than blocks: use original, or another regime."
            )
    for name in figures["lm_repetition"]["settings"]:
        if name not in lm["settings"]:
            yield (
                f"figures.lm_repetition.settings names '{name}', which lm.settings does not run: "
                "add it there, or drop it."
            )
    yield from _pretraining_contradictions(lm)
    for key, generations in (
        ("lm.examples", lm["examples"]["generations"]),
        ("figures.lm_histograms", figures["lm_histograms"]["generations"]),
    ):
        for generation in generations:
            if generation > lm["last_generation"]:
                yield (
                    f"{key}.generations asks for {generation}, but lm.last_generation is "
                    f"{lm['last_generation']}: raise the one or drop {generation}."
                )
    for key, limit, what in (
        ("run", lm["runs"], "lm.runs"),
        ("prompt", lm["blocks"]["train"] or math.inf, "lm.blocks.train"),
    ):
        if lm["examples"][key] >= limit:
            yield (
                f"lm.examples.{key} is {lm['examples'][key]}, but {what} is {limit} and both are "
                f"numbered from 0: choose at most {limit - 1}."
            )


def _pretraining_contradictions(lm):
    if lm["model"] != "own":
        return
    architecture = lm["pretrain"]["architecture"]
    if architecture["hidden_size"] % architecture["heads"]:
        yield (
            f"lm.pretrain.architecture.hidden_size is {architecture['hidden_size']}, which "
            f"{architecture['heads']} heads do not divide: change one of them."
        )
    needed = 2 * lm["blocks"]["length"]
    if architecture["positions"] < needed:
        yield (
            f"lm.pretrain.architecture.positions is {architecture['positions']}, but a block of "
            f"{lm['blocks']['length']} tokens and its continuation need {needed}: raise it."
        )


def _figure_contradictions(config):
    figures, vae = config["figures"], config["vae"]
    for name in ("vae_samples", "vae_latent_density"):
        for generation in figures[name]["generations"]:
            if generation > vae["last_generation"]:
                yield (
                    f"figures.{name}.generations asks for {generation}, but vae.last_generation "
                    f"is {vae['last_generation']}: raise the one or drop {generation}."
                )
    grid = figures["vae_samples"]
    if grid["run"] >= vae["runs"]:
        yield (
            f"figures.vae_samples.run is {grid['run']}, but vae.runs is {vae['runs']} and runs "
            f"are numbered from 0: choose at most {vae['runs'] - 1}."
        )
    if grid["rows"] ** 2 > vae["images"]:
        yield (
            f"figures.vae_samples.rows is {grid['rows']}, which needs {grid['rows'] ** 2} images, "
            f"but vae.images is {vae['images']}: lower it."
        )
