"""The commands of README.md and docs/ work on a fresh clone, or a table says where they are tried.

The clone is a real one, with git, DVC and the published artefacts, but without results that git
does not hold, caches, tags of other repositories and settings of the user.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import cli
import pytest
from collapse.errors import UserError
from pipeline import engine

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
SPAN = re.compile(r"`(make [^`\n]+)`")
SETTING = re.compile(r"([A-Z]+)=(.*)", re.S)


class Run(NamedTuple):
    """How a command is tried on the clone."""

    says: str = ""  # a pattern of its output
    instead: str = ""  # what is run in its place, because the command itself takes too long
    status: tuple = (0,)


class Covered(NamedTuple):
    """Where a command is tried."""

    test: str  # file::function


class Not(NamedTuple):
    """Why a command is not tried."""

    reason: str


RUNS = "tests/workflow/test_runs.py::test_killed_and_resumed_elsewhere_on_one_core_gives_the_same_"
RUN = Covered(RUNS + "bytes")
PUBLISHING = "tests/artefacts/test_publishing.py::"
PLAN = Covered("tests/pipeline/test_costs.py::test_every_scale_is_planned_with_all_its_jobs")
VERIFY = Covered(f"{PUBLISHING}test_the_reviewer_gets_a_verdict_on_every_artefact")
DEEP = Covered(f"{PUBLISHING}test_a_reader_makes_tables_and_verifies_a_generation")
FAMILIES = Covered(f"{PUBLISHING}test_a_scale_is_published_family_by_family_next_to_another")
RECORDS = Covered(f"{PUBLISHING}test_the_author_records_what_the_run_made")
CRATE = Covered("tests/artefacts/test_release.py::test_a_run_is_described_by_what_it_read_and_what_"
                "it_shows")  # fmt: skip
SLURM = Covered("tests/cluster/test_slurm.py::")
CHECK = Not("its checks are tested one by one; continuous integration runs it on a clean checkout")
WHOLE = Not("runs this test, too; continuous integration runs it on a clean checkout")
DRAWN = Run(
    "This was a dry-run|Nothing to be done", instead="snakemake --cores 2 --dry-run --quiet all"
)
TRIED = {
    "make reproduce": RUN,
    "make test": WHOLE,
    "make reproduce CORES=8": RUN,
    "make reproduce SCALE=smoke": RUN,
    "make reproduce TARGET=gmm_l2": RUN,
    'make reproduce ARGS="--dry-run"': Run(r"\breport +1\n(?!.*one page)"),
    "make plan SCALE=paper": PLAN,
    'make reproduce FAMILY="gmm kde"': FAMILIES,
    'make reproduce SCALE=paper FAMILY="gmm kde"': FAMILIES,
    'make publish SCALE=paper FAMILY="gmm kde"': FAMILIES,
    "make verify SCALE=paper FAMILY=gmm": FAMILIES,
    'make pull FAMILY="gmm kde"': Covered(f"{PUBLISHING}test_parts_are_pulled_alone"),
    "make reproduce SCALE=smoke PROFILE=slurm": SLURM,
    "make measure SCALE=probe": Covered(
        "tests/pipeline/test_costs.py::test_nothing_is_measured_where_nothing_was_run"
    ),
    "make reproduce SCALE=paper PROFILE=slurm": SLURM,
    "make reproduce SCALE=paper PROFILE=~/site": SLURM,
    "source .venv/bin/activate": Run(
        r"/snakemake\n.*/dvc\n", instead="source .venv/bin/activate && which snakemake dvc"
    ),
    "dvc pull": Run(r"files? (added|fetched)|Everything is up to date"),
    "snakemake --cores 2": DRAWN,
    # status 1 where figures of the last commit were drawn by other code
    "make pull": Covered(f"{PUBLISHING}test_all_that_was_published_can_be_pulled_and_continued"),
    "make pull WHAT=vae/metrics": Run("files match this code and configuration", status=(0, 2)),
    "make render": Covered(f"{PUBLISHING}test_a_reader_draws_without_training"),
    "make figure NAME=lm_perplexity": Covered(f"{PUBLISHING}test_a_reader_draws_one_figure_alone"),
    "make publish": RECORDS,
    "make publish WHAT=all REMOTE=mine": RECORDS,
    "git add dvc.yaml dvc.lock results published && git commit": Run(
        instead="git add dvc.yaml dvc.lock results published && git status --short"
    ),
    ".venv/bin/dvc metrics show": Run("results/laptop/tables/vae.json"),
    ".venv/bin/dvc metrics show results/laptop/tables/vae.json": Run("tables/vae.json"),
    ".venv/bin/dvc metrics diff v1.0.0": Run(instead=".venv/bin/dvc metrics diff HEAD"),
    ".venv/bin/dvc plots diff v1.0.0": Covered(
        "tests/pipeline/test_dvc_yaml.py::test_plots_draw_the_curves_and_no_missing_value_as_zero"
    ),
    "git diff v1.0.0 -- results/laptop/tables/headline.md": Run(
        instead="git diff --exit-code HEAD -- results/laptop/tables/headline.md && "
        "test -s results/laptop/tables/headline.md"
    ),
    "dvc artifacts get https://example.org/model-collapse.git base-model": Covered(
        "tests/pipeline/test_dvc_yaml.py::test_dvc_finds_the_base_model_by_name"
    ),
    "make verify": VERIFY,
    "make verify DEEP=vae/run00/gen05": DEEP,
    ".venv/bin/dvc remote add --local mine /mnt/share/collapse": Run(),
    ".venv/bin/dvc remote add --local mine https://example.org/collapse": Run(
        instead=".venv/bin/dvc remote add --local other https://example.org/collapse"
    ),
    ".venv/bin/dvc remote add --local mine s3://bucket/collapse": Run(
        instead=".venv/bin/dvc remote add --local --force mine s3://bucket/collapse"
    ),
    ".venv/bin/dvc remote modify --local mine endpointurl https://storage.example.org": Run(),
    ".venv/bin/dvc remote modify --local mine verify true": Run(),
    "make venv": Covered("tests/pipeline/test_environment.py::test_it_is_made_once_and_the_next_"
                         "call_does_nothing"),
    ".venv/bin/python -m pytest tests/collapse/test_kde.py": Run(
        r"test_kde\.py: [1-9]",
        instead=".venv/bin/python -m pytest tests/collapse/test_kde.py --co -q",
    ),
    ".venv/bin/python -m pytest tests/collapse/test_kde.py -k control": Not(
        "the same, and '-k' selects a name that is tried below"
    ),
    "make check": CHECK,
    "make test-cluster": SLURM,
    ".venv/bin/python -m pytest tests/collapse/test_kde.py tests/pipeline/test_configuration.py":
        Not("both files are parts of this suite"),
    "make reproduce SCALE=smoke TARGET=kde_variance": Covered(
        "tests/workflow/test_elsewhere.py::test_another_folder_holds_the_results_and_nothing_else"
    ),
    "snakemake -s <clone>/Snakefile --directory <empty folder> --cores 2": Covered(
        "tests/workflow/test_elsewhere.py::test_another_folder_holds_the_results_and_nothing_else"
    ),
    "make crate": CRATE,
    "make crate SCALE=smoke": CRATE,
}  # fmt: skip
# of the text: commands that must not need what only the author has
AFTERWARDS = {
    "make gc": Run("nothing was removed"),
    "make timings": Run("there are no finished jobs"),
}


def commands_of(text):
    """Commands of the blocks of a page that are marked as a shell's, without comments."""
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    return [line for line in (re.sub(r"(^|\s+)#.*$", "", line).strip() for line in lines) if line]


def shown():
    """All commands of README.md and docs/ in their order, each once."""
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in PAGES]
    return list(dict.fromkeys(line for text in texts for line in commands_of(text)))


def test_every_command_of_the_documentation_is_in_the_table_and_nothing_else():
    assert set(shown()) == set(TRIED)
    made_up = "text\n```sh\nmake nonsense   # a comment\n# none\n```\n```text\nmake other\n```\n"
    assert commands_of(made_up) == ["make nonsense"]


@pytest.mark.parametrize("command", [c for c, how in TRIED.items() if isinstance(how, Covered)])
def test_a_command_that_is_tried_elsewhere_is_tried_there(command):
    file, _, function = TRIED[command].test.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert f"\ndef {function or 'test_'}" in text
    assert not function or f"\ndef {function}(" in text


def spans():
    """Commands of make in the text around blocks, without those that leave a name to the reader."""
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in PAGES]
    found = {span for text in texts for span in SPAN.findall(text) if not re.search("[<…]", span)}
    return sorted(found | {command for command in TRIED if command.startswith("make ")})


def accepted(command, environ):
    """Read a command of make as `make` and the command line do; returns options by their names."""
    _, *words = shlex.split(command)
    names = [word for word in words if not SETTING.fullmatch(word)]
    for word in words:
        if match := SETTING.fullmatch(word):
            environ(*match.groups())
    assert len(names) == 1, command
    parser = cli.parser_of(names[0])
    own, others = cli.passed_on(names[0], [], parser)
    options = vars(parser.parse_args(own))
    if "cores" in options and "names" in options:
        engine.options((), others, options["names"], scale=options["scale"])
    return options


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """Set variables as make does; a home with a profile of its own."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/config.yaml").write_text("cores: 1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = re.search(r"^VARIABLES := (.*)$", makefile, re.M)[1].split()
    for name in known:
        monkeypatch.delenv(name, raising=False)

    def environ(name, value):
        assert name in known
        monkeypatch.setenv(name, value)

    return environ


@pytest.mark.parametrize("command", spans())
def test_every_command_of_make_is_one_that_make_has(command, settings, monkeypatch):
    monkeypatch.setattr(cli, "scales", lambda: ["laptop", "mine", "paper", "probe", "smoke"])
    assert accepted(command, settings) is not None


@pytest.mark.parametrize(
    "command",
    ["make reprodcue", "make plan SCALE=huge", "make plan CORE=1", "make figure NAME=gmm_l3"],
)
def test_control_a_command_that_make_does_not_have_is_refused(command, settings):
    with pytest.raises((SystemExit, KeyError, AssertionError, UserError)):
        accepted(command, settings)


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of the last commit, with what has changed since in this working tree."""
    folder = tmp_path_factory.mktemp("documentation") / "clone"
    subprocess.run(["git", "clone", "-q", "--shared", ROOT, folder], check=True)
    listing = ["git", "ls-files", "-z", "--modified", "--others", "--exclude-standard"]
    changed = subprocess.check_output(listing, cwd=ROOT, text=True).split("\0")
    for name in filter(None, changed):
        (folder / name).unlink(missing_ok=True)
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    return folder


def call(clone, line):
    """Run a line in the clone as a user would type it; returns the status and the output.

    ``make`` does not check .venv, which would look for the newest packages.
    """
    line = re.sub(r"^make ", "make -o venv ", line)
    hidden = {option.variable for option in cli.OPTIONS.values()}
    hidden |= {"ARGS", "MAKEFLAGS", "MAKELEVEL"}
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=clone,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={
            **{name: value for name, value in os.environ.items() if name not in hidden},
            "PATH": f"{clone}/.venv/bin{os.pathsep}{os.environ['PATH']}",
            "DVC_SITE_CACHE_DIR": str(clone.parent / "dvc-state"),
            "DVC_GLOBAL_CONFIG_DIR": str(clone.parent / "no-configuration"),
        },
    )
    return done.returncode, done.stdout


def failures(clone, table):
    """What went wrong of the commands of a table that are run, in their order."""
    for command, how in table.items():
        if isinstance(how, Run):
            status, output = call(clone, how.instead or command)
            if status not in how.status or not re.search(how.says, output, re.S):
                yield f"{how.instead or command}: status {status}\n{output[-2000:]}"
            if "Traceback" in output:
                yield f"{command}: {output[-2000:]}"


def test_the_commands_work_on_a_fresh_clone(clone):
    in_order = {command: TRIED[command] for command in shown()}
    assert list(failures(clone, in_order | AFTERWARDS)) == []


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.eol=crlf"])
def test_a_clone_has_the_same_bytes_whatever_git_is_set_to(tmp_path, setting):
    """Of every kind of file; a control shows what the setting does without .gitattributes."""
    content = {
        "code.py": b"one\ntwo\n", "published/files/md5/ab/cd": b"1\n2\r\n", "new.bin": b"\0\n\r\n",
        "results/laptop/tables/a.csv": b"1\n2\r\n", "results/laptop/figures/a.png": b"\x89P\n\0",
    }  # fmt: skip
    found = {}
    for kept in (True, False):
        folder = tmp_path / f"source-{kept}"
        for name, data in content.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        if kept:
            shutil.copy(ROOT / ".gitattributes", folder)
        who = ["-c", "user.name=somebody", "-c", "user.email=somebody@localhost"]
        for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
            subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
        options = ["-c", setting, *["-c", "core.autocrlf=false"] * (setting == "core.eol=crlf")]
        copy = tmp_path / f"clone-{kept}"
        subprocess.run(["git", "clone", "-q", *options, folder, copy], check=True)
        found[kept] = {name: (copy / name).read_bytes() for name in content}
    assert found[True] == content
    if setting == "core.autocrlf=true":
        assert found[False]["code.py"] == b"one\r\ntwo\r\n"


def test_control_a_command_that_fails_or_says_something_else_is_reported(tmp_path):
    assert len(list(failures(tmp_path, {"false": Run(), "echo a": Run("b"), "true": Run()}))) == 2


def test_every_test_that_the_documentation_names_exists():
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"^def (test_\w+)", sources, re.M))
    named = {
        name for page in PAGES for name in re.findall(r"`(test_\w+)`", (ROOT / page).read_text())
    }
    assert len(named) > 30
    assert named - known == set()


def test_git_holds_no_links():
    """A link to an environment would replace that of whoever checks it out."""
    listed = subprocess.check_output(["git", "ls-files", "--stage"], cwd=ROOT, text=True)
    assert [line for line in listed.splitlines() if line.startswith("120000")] == []
