"""The workflow from its own folder, from another one, and as a module of another workflow."""

import json

import pytest
from workflow_tools import SMOKE, Checkout

FIGURE = "results/smoke/figures/kde_variance"
MODULE = """
module collapse:
    snakefile: "{source}/Snakefile"
    config: {{"scale": "smoke", "kde": {{"runs": 6}}}}

use rule * from collapse as collapse_*

rule own:
    input: "{figure}.png"
    output: "own.txt"
    shell: "cp {{input}} {{output}}"
"""
# appended to the Snakefile: a rule whose parameter writes down the settings while jobs are planned
PROBE = """
def write_settings(wildcards):
    import json
    dag, out = workflow.dag_settings, workflow.output_settings
    with open("settings.json", "w") as file:
        json.dump({
            "triggers": sorted(str(trigger) for trigger in dag.rerun_triggers),
            "incomplete": dag.force_incomplete,
            "checksums": dag.max_checksum_file_size,
            "quiet": sorted(str(kind) for kind in out.quiet),
        }, file)
    return 0


rule probe:
    output:
        "probe.txt",
    params:
        settings=write_settings,
    shell:
        "touch {output}"
"""


def files_in(folder):
    """Files of a folder, without Snakemake's own."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".snakemake" not in path.parts
    }


@pytest.fixture(scope="module")
def source(new_checkout):
    return new_checkout("source")


@pytest.fixture
def elsewhere(tmp_path):
    return Checkout(tmp_path)


def test_plain_snakemake_has_the_settings_of_the_default_profile(new_checkout):
    """With a Snakefile at the top, a profile below workflow/ is silently ignored."""
    checkout = new_checkout("settings")
    path = checkout.folder / "Snakefile"
    path.write_text(path.read_text() + PROBE)
    checkout.run("-n", *SMOKE, "--", "probe.txt")
    found = json.loads((checkout.folder / "settings.json").read_text())
    assert found == {
        "triggers": ["input", "params"],
        "incomplete": True,
        "checksums": 0,
        "quiet": ["host", "reason", "rules"],
    }


def test_a_dry_run_fits_a_screen_and_makes_no_file(source):
    before = files_in(source.folder)
    done = source.run("-n", "--cores", "2")
    assert len((done.stdout + done.stderr).splitlines()) < 190
    assert {path for path in files_in(source.folder) - before if "__pycache__" not in path} == set()


def test_another_folder_holds_the_results_and_nothing_else(source, elsewhere, finished):
    before = files_in(source.folder)
    elsewhere.run(
        *("--snakefile", str(source.folder / "Snakefile"), "--directory", str(elsewhere.folder)),
        *("--cores", "2", *SMOKE, "--", f"{FIGURE}.png", "data/mnist/SHA256SUMS"),
    )
    for suffix in ("png", "pdf", "md"):
        ours = (elsewhere.folder / f"{FIGURE}.{suffix}").read_bytes()
        assert ours == (finished.folder / f"{FIGURE}.{suffix}").read_bytes()
    assert {path.split("/")[0] for path in files_in(elsewhere.folder)} == {
        "data",
        "logs",
        "results",
    }
    assert {p for p in files_in(source.folder) - before if "__pycache__" not in p} == set()


def test_a_folder_may_have_a_configuration_of_its_own(source, elsewhere):
    text = (source.folder / "config.yaml").read_text()
    (elsewhere.folder / "config.yaml").write_text(text.replace("seed: 20230527", "seed: several"))
    options = ("--snakefile", str(source.folder / "Snakefile"), "--cores", "1", *SMOKE)
    done = elsewhere.snakemake(*options)
    assert done.returncode == 1
    assert "ERROR: config.yaml: seed" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_as_a_module_of_another_workflow(source, elsewhere, finished):
    text = MODULE.format(source=source.folder, figure=FIGURE)
    (elsewhere.folder / "Snakefile").write_text(text)
    elsewhere.run("--cores", "2", "own.txt")
    own = (elsewhere.folder / "own.txt").read_bytes()
    assert own == (elsewhere.folder / f"{FIGURE}.png").read_bytes()
    assert own != (finished.folder / f"{FIGURE}.png").read_bytes()  # of 6 runs, not of 5
    record = json.loads(
        (elsewhere.folder / "results/smoke/records/kde/metrics/variances.json").read_text()
    )
    assert record["parameters"]["settings"]["runs"] == 6
    done = elsewhere.run("-n", "own.txt")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_callers_environment_does_not_reach_jobs(source, elsewhere, finished):
    """Another checkout's modules on PYTHONPATH, the matplotlib backend of a notebook, and others.

    The figure has the same bytes.
    """
    fake = elsewhere.folder / "other/collapse"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise ImportError('another checkout')")
    done = elsewhere.snakemake(
        *("--snakefile", str(source.folder / "Snakefile"), "--cores", "2", *SMOKE),
        *("--", f"{FIGURE}.png"),
        env={
            "PYTHONPATH": str(fake.parent),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "OMP_NUM_THREADS": "2",
            "PYTHONHASHSEED": "7",
            "PYTHONSAFEPATH": "1",
            "TMPDIR": "/proc/missing",
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for suffix in ("png", "pdf"):
        ours = (elsewhere.folder / f"{FIGURE}.{suffix}").read_bytes()
        assert ours == (finished.folder / f"{FIGURE}.{suffix}").read_bytes()
