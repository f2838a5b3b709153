"""The project's command line: ``scripts/cli.py COMMAND --help``. Make targets have the same names.

Only the module of the chosen command is imported, so that help is fast and ``venv`` runs before any
package is installed.
"""

import argparse
import difflib
import importlib
import os
import re
import shlex
import sys
from typing import NamedTuple

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(SCRIPTS)
sys.path.insert(0, SCRIPTS)  # also with PYTHONSAFEPATH, and before another checkout's

YES_NO = {"1": True, "yes": True, "true": True, "": False, "0": False, "no": False, "false": False}


class Command(NamedTuple):
    """A sub-command.

    Parameters
    ----------
    reader : str
        Group of ``help``: who needs it.
    summary : str
    function : str
        ``module:function``; called with the options as named parameters.
    options : tuple of str
        Names in `OPTIONS`.
    alone : bool
        Whether it holds the folder's lock.
    passes : str
        The program that gets the arguments after ``--``, or in the variable ARGS; empty: none.
    """

    reader: str
    summary: str
    function: str
    options: tuple = ()
    alone: bool = False
    passes: str = ""


READERS = {
    "reader": "to see the results",
    "author": "to run and publish",
    "reviewer": "to check",
    "cluster": "to plan for other machines",
    "developer": "to change the code",
}
RUN = ("scale", "cores", "profile")
COMMANDS = {
    "reproduce": Command(
        "reader",
        "run everything, or FAMILY, or TARGET; resumes where an earlier run stopped",
        "pipeline.reproduce:run",
        (*RUN, "families", "targets"),
        alone=True,
        passes="snakemake",
    ),
    "report": Command(
        "reader",
        "one page with everything, results/SCALE/report.html, and report-SCALE.html with timings",
        "report.build:run",
        RUN,
        alone=True,
        passes="snakemake",
    ),
    "pull": Command(
        "reader",
        "fetch artefacts and verify them: all, or FAMILY, or WHAT=lm/metrics ...",
        "artefacts.pull:run",
        ("scale", "families", "what", "remote", "force"),
        alone=True,
    ),
    "render": Command(
        "reader",
        "draw what is missing or changed from artefacts that are here; compute nothing else",
        "artefacts.render:run",
        ("scale", "families", "cores"),
        alone=True,
    ),
    "figure": Command(
        "reader",
        "the same for the figure or table NAME alone",
        "artefacts.render:run",
        ("scale", "cores", "named"),
        alone=True,
    ),
    "explain": Command(
        "reader",
        "what FIGURE (name of a figure or table, or a path) is made from",
        "report.explain:run",
        ("scale", "families", "profile", "figures"),
        passes="snakemake",
    ),
    "timings": Command(
        "author",
        "seconds and memory by rule, from the logs of the last runs",
        "report.timings:run",
        ("one_scale", "page"),
    ),
    "publish": Command(
        "author",
        "record a finished run, send it to REMOTE: what figures need, or WHAT=all of it",
        "artefacts.publish:run",
        ("scale", "families", "held", "remote", "check"),
        alone=True,
    ),
    "crate": Command(
        "author",
        "describe a finished run as a Workflow Run RO-Crate, ro-crate-metadata.json",
        "artefacts.crate:run",
        ("scale",),
        alone=True,
    ),
    "release": Command(
        "author",
        "build dist/model-collapse-VERSION.tar.gz, and draw every figure again from it",
        "artefacts.release:run",
        alone=True,
    ),
    "gc": Command(
        "author",
        "list files that neither figures nor later generations need; CONFIRM=1 removes them",
        "artefacts.gc:run",
        ("scale", "confirm"),
        alone=True,
    ),
    "verify": Command(
        "reviewer",
        "a verdict on every artefact; DEEP=vae/run00/gen05 computes this one again",
        "artefacts.verify:run",
        ("scale", "families", "deep"),
        alone=True,
    ),
    "plan": Command(
        "cluster",
        "what SCALE would cost: jobs, hours, memory, disk, critical path; runs nothing",
        "pipeline.estimate:run",
        ("scale", "families", "targets"),
    ),
    "measure": Command(
        "cluster",
        "take the rates for plans from a finished run of SCALE (probe: the paper's models)",
        "pipeline.measure:run",
        ("scale",),
        alone=True,
    ),
    "test-cluster": Command(
        "cluster",
        "the smoke scale and its faults on a Slurm started on this machine (root, Debian)",
        "pipeline.checks:cluster_tests",
        passes="pytest",
    ),
    "check": Command(
        "developer",
        "style, configuration and generated files",
        "pipeline.checks:style",
    ),
    "test": Command("developer", "all tests", "pipeline.checks:tests", ("cores",), passes="pytest"),
    "benchmark": Command(
        "developer",
        "speed of the hot loops compared with their alternatives",
        "pipeline.checks:benchmarks",
        passes="each benchmark",
    ),
    "dvc": Command(
        "developer",
        "generate dvc.yaml from the workflow; CHECK=1 compares it instead",
        "pipeline.checks:generated_stages",
        ("check", "scales"),
    ),
    "lock": Command(
        "developer", "resolve requirements*.in into requirements*.txt", "pipeline.checks:pin"
    ),
    "venv": Command("developer", "make or update .venv", "pipeline.environment:run"),
    "clean-venv": Command("developer", "remove .venv", "pipeline.environment:remove"),
    "help": Command("", "list the commands and variables", "cli:show_help"),
    "stage": Command(
        "",
        "bring one target up to date for DVC; used by dvc.yaml",
        "artefacts.stage:run",
        ("stage_scale", "stage_target", "stage_families", "fingerprint"),
        alone=True,
    ),
}


class Parser(argparse.ArgumentParser):
    """Reports mistakes in one line, without the usage."""

    def error(self, message):
        """Print one line and end with status 2."""
        for option in OPTIONS.values():
            if option.variable:
                flag, either = option.flags[0], f"{option.flags[0]} or {option.variable}"
                message = message.replace(f"argument {flag}:", f"{either}:")
                message = re.sub(f"required: {flag}$", f"required: {either}", message)
        self.exit(2, f"ERROR: {message}. '{self.prog} --help' explains.\n")


class Option(NamedTuple):
    """An option or argument, and the variable that gives its default.

    Parameters
    ----------
    flags : tuple of str
    help : str
    settings : dict
        Further settings of `argparse.ArgumentParser.add_argument`.
    variable : str
        Of the environment; make passes its own variables there.
    """

    flags: tuple
    help: str
    settings: dict
    variable: str = ""


def scale(text):
    """Check the name of a scale."""
    if text not in scales():
        raise argparse.ArgumentTypeError(f"{text!r} is not a scale: choose {one_of(scales())}")
    return text


def scales():
    """Names of all scales: laptop is the default configuration, others have a file each."""
    names = os.listdir(os.path.join(ROOT, "workflow", "scales"))
    return ["laptop", *sorted(name[:-5] for name in names if name.endswith(".yaml"))]


def cores(text):
    """Check a number of cores."""
    if text != "all" and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of cores: give 1, 2, ... or all"
        )
    return text if text == "all" else str(int(text))


def profile(text):
    """Path of a profile, given by its name in profiles/ or by the path of its folder."""
    named = os.path.join(ROOT, "profiles", text)
    path = named if text in profiles() else os.path.abspath(os.path.expanduser(text))
    if not os.path.isfile(os.path.join(path, "config.yaml")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a profile: choose {one_of(profiles())}, or a folder with config.yaml"
        )
    return path


def profiles():
    """Names of the project's profiles, except the one that every run reads."""
    found = os.listdir(os.path.join(ROOT, "profiles"))
    return sorted(name for name in found if name != "default")


def yes_or_no(text):
    """Check a switch."""
    if text.lower() not in YES_NO:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 1 nor 0")
    return YES_NO[text.lower()]


def held(text):
    """Check what a remote is to hold."""
    if text not in ("figures", "all"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither figures nor all")
    return text


def one_of(names):
    """The names as "a, b or c"."""
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def split_names(text):
    """Names separated by spaces or commas."""
    return text.replace(",", " ").split()


SWITCH = {"nargs": "?", "const": "1", "default": "0", "type": yes_or_no, "metavar": "1|0"}
NAMES = {"nargs": "*", "default": [], "metavar": "NAME", "dest": "names"}
OPTIONS = {
    "scale": Option(
        ("--scale",),
        "named configuration: {scales}",
        {"type": scale, "default": "laptop"},
        "SCALE",
    ),
    "cores": Option(
        ("--cores",),
        "jobs at once on this machine: a number, or all",
        {"type": cores, "default": "all"},
        "CORES",
    ),
    "profile": Option(
        ("--profile",),
        "where jobs run, instead of --cores: {profiles}, or a folder with config.yaml",
        {"type": profile},
        "PROFILE",
    ),
    "families": Option(
        ("--family",),
        "some families, separated by spaces, such as gmm kde; none: those of the scale",
        {**NAMES, "dest": "families"},
        "FAMILY",
    ),
    "targets": Option(
        ("--target",), "figures or tables by name, files, or rules; none: all", NAMES, "TARGET"
    ),
    "figures": Option(
        ("--figure",), "figures or tables by name, or paths of results", NAMES, "FIGURE"
    ),
    "named": Option(
        ("--name",),
        "figures or tables by name, such as lm_perplexity",
        {**NAMES, "nargs": "+", "required": True},
        "NAME",
    ),
    "what": Option(
        ("--what",),
        "which artefacts: all, data, a family, or a kind of it (vae/models)",
        {"default": "all"},
        "WHAT",
    ),
    "held": Option(
        ("--what",),
        "figures (what tables and figures are made from) or all",
        {"default": "figures", "type": held},
        "WHAT",
    ),
    "remote": Option(
        ("--remote",),
        "remote of DVC; none: the default",
        {"dest": "remote_name", "metavar": "NAME"},
        "REMOTE",
    ),
    "force": Option(("--force",), "replace results that are saved nowhere else", SWITCH, "FORCE"),
    "check": Option(("--check",), "compare only (dvc), or read back (publish)", SWITCH, "CHECK"),
    "confirm": Option(("--confirm",), "remove the files", SWITCH, "CONFIRM"),
    "deep": Option(
        ("--deep",), "parts of the path of one job's outputs, such as vae/run00/gen05", {}, "DEEP"
    ),
    "one_scale": Option(
        ("--scale",), "jobs of one scale: {scales}; none: of all", {"type": scale}, "SCALE"
    ),
    "page": Option(
        ("--page",), "write report-SCALE.html, the report with timings", {"action": "store_true"}
    ),
    "scales": Option(
        ("--scales",),
        "scales to version; none: those versioned already",
        {**NAMES, "dest": "scales", "type": scale},
    ),
    "stage_scale": Option(("scale",), "as --scale of other commands", {"type": scale}),
    "stage_target": Option(("target",), "rule or file", {}),
    "stage_families": Option(("--family",), "as of other commands", {**NAMES, "dest": "families"}),
    "fingerprint": Option(
        ("--fingerprint",), "what the stage is made with; shows DVC that it has changed", {}
    ),
}


def add_option(parser, option):
    """Add an option to a parser, with the variable's value as its default.

    An empty variable counts as not given, except for a scale and for cores.
    """
    settings = dict(option.settings)
    given = os.environ.get(option.variable) if option.variable else None
    if given or (given is not None and option.variable in ("SCALE", "CORES")):
        settings |= {"default": split(option, given), "required": False}
    default = f"variable {option.variable}" if option.variable else ""
    if isinstance(option.settings.get("default"), str) and option.settings is not SWITCH:
        default += f", default {option.settings['default']}"
    text = explained(option) + (f" ({default})" if default else "")
    parser.add_argument(*option.flags, help=text, **settings)


def split(option, given):
    """A variable's value; of options with several values, a list."""
    if option.variable == "FAMILY":
        return given.split()
    return split_names(given) if option.settings.get("dest") == "names" else given


def explained(option):
    """The help of an option, with what it can be."""
    return option.help.format(scales=", ".join(scales()), profiles=", ".join(profiles()))


def parser_of(name):
    """The parser of one command."""
    command = COMMANDS[name]
    after = f"Arguments after -- (or in the variable ARGS) are passed on to {command.passes}."
    parser = Parser(
        prog=f"scripts/cli.py {name}",
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        epilog=after if command.passes else None,
        allow_abbrev=False,
    )
    for option in command.options:
        add_option(parser, OPTIONS[option])
    return parser


def passed_on(name, argv, parser):
    """Split a command's arguments at ``--``: its own, and those that it passes on.

    Returns
    -------
    own, others : list of str
    """
    end = argv.index("--") if "--" in argv else len(argv)
    own, others = argv[:end], argv[end + 1 :]
    if not COMMANDS[name].passes:
        if others:
            parser.error(f"{name} takes no arguments after --, but got {shlex.join(others)}")
        return own, []
    try:
        return own, others or shlex.split(os.environ.get("ARGS", ""))
    except ValueError as error:
        return parser.error(f"ARGS={os.environ['ARGS']}: {error}")


def overview():
    """All commands by who needs them, and all variables, as text."""
    lines = ["usage: make COMMAND [VARIABLE=value ...], or scripts/cli.py COMMAND [--help]"]
    for reader, purpose in READERS.items():
        lines += ["", f"{reader} ({purpose})"]
        lines += [
            f"  {name:13} {command.summary}"
            for name, command in COMMANDS.items()
            if command.reader == reader
        ]
    lines += ["", "variables"]
    variables = {}
    for option in OPTIONS.values():
        variables.setdefault(option.variable, explained(option))
    lines += [f"  {name:13} {text}" for name, text in variables.items() if name]
    lines += [
        f"  {'ARGS':13} more options: of snakemake (reproduce, report, explain), of pytest (test)",
        f"  {'PYTHON':13} the Python that makes .venv, 3.11 to 3.13",
    ]
    return "\n".join(lines)


def show_help():
    """Print the overview."""
    print(overview())


def function_of(name):
    """Import the function of a command."""
    module, _, function = COMMANDS[name].function.partition(":")
    if module == "cli":
        return globals()[function]
    return getattr(importlib.import_module(module), function)


def main(argv):
    """Parse the command line and call the command; return the exit status."""
    if not argv or argv[0] in ("-h", "--help"):
        argv = ["help"]
    name, argv = argv[0], argv[1:]
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=3) or ["help"]
        Parser(prog="scripts/cli.py").error(f"no command {name!r}: did you mean {one_of(near)}?")
    parser = parser_of(name)
    own, others = passed_on(name, argv, parser)
    named = vars(parser.parse_args(own))
    if COMMANDS[name].passes:
        named["options"] = others

    from pipeline import command

    return command.call(lambda: function_of(name)(**named), alone=COMMANDS[name].alone)


if __name__ == "__main__":
    if not sys.flags.isolated:  # start again, without PYTHONPATH and the like
        words = getattr(sys, "orig_argv", [sys.executable, *sys.argv])[1:]
        os.execv(sys.executable, [sys.executable, "-I", "-X", "utf8", *words])
    sys.exit(main(sys.argv[1:]))
