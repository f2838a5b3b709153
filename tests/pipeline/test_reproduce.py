"""Runs of Snakemake: the user's own options are kept, names are resolved, killed runs resume."""

import pytest
from collapse.errors import UserError
from pipeline import configuration, engine, reproduce, targets
from snakemake import cli

DISCRETE = "results/smoke/discrete/metrics/uniform.npz"
FIGURE, TABLE = "results/smoke/figures/tail_cutting.png", "results/smoke/tables/tail_cutting.csv"


@pytest.mark.parametrize(
    ("given", "others", "values", "found"),
    [
        ("--cores 2", "--cores 2", {}, ""),
        ("--config seed=5 device=auto -n", "-n", {"seed": 5, "device": "auto"}, ""),
        ("-n -C seed=5", "-n", {"seed": 5}, ""),
        ("-Cseed=5 -n", "-n", {"seed": 5}, ""),
        ("--config=seed=5 -n", "-n", {"seed": 5}, ""),
        ("--config seed=5 -n --config device=auto", "-n", {"seed": 5, "device": "auto"}, ""),
        ("a/b -n --config seed=5 -- c/d", "-n", {"seed": 5}, "a/b c/d"),
        ("-n --until vae_train -- a/b", "-n --until vae_train", {}, "a/b"),
    ],
)
def test_configuration_and_targets_are_found_among_the_users_options(given, others, values, found):
    asked = engine.options((), given.split(), scale="smoke")
    values = ((configuration.GIVEN, values),) if values else ()
    expected = configuration.Given((), values)
    assert asked == engine.Options((), tuple(others.split()), expected, tuple(found.split()))


@pytest.mark.parametrize("option", ["--configfile {}", "--configfiles {}", "--configfile={}"])
def test_configuration_files_are_passed_to_every_start_of_snakemake(tmp_path, option):
    path = tmp_path / "mine.yaml"
    path.write_text("kde: {runs: 5}\n")
    asked = engine.options((), [*option.format(path).split(), "-n"], scale="smoke")
    assert (asked.others, asked.given.files) == (("-n",), (str(path),))
    for extra in ((), ("--unlock",)):
        command = asked.command("smoke", *extra)
        assert command[-4:] == ["--configfile", str(path), "--config", "scale=smoke"]


def test_a_profile_gives_values_that_options_override(tmp_path):
    (tmp_path / "more.yaml").write_text("vae: {runs: 3}\n")
    (tmp_path / "config.yaml").write_text(
        "cores: 2\nconfigfile: more.yaml\nconfig:\n"
        "  seed: 1\n  kde: {runs: 5, bandwidths: [null, 0.5]}\n"
    )
    where = engine.place("2", str(tmp_path))
    asked = engine.options(where, ["--config", "kde={runs: 6}", "-n"], scale="smoke")
    assert asked.given.config == {"seed": 1, "kde": {"runs": 6, "bandwidths": [None, 0.5]}}
    assert asked.given.files == (str(tmp_path / "more.yaml"),)
    # what Snakemake makes of the values that it is given
    words = asked.command("smoke")
    read = configuration.typed(cli.parse_config(words[words.index("--config") + 1 :]))
    assert read == {**asked.given.config, "scale": "smoke"}
    (tmp_path / "config.yaml").write_text("config: [seed=1]\n")
    assert engine.options(where, scale="smoke").given.config == {"seed": 1}
    (tmp_path / "config.yaml").write_text("config: {kde: {runs: 010}}\n")
    with pytest.raises(UserError, match=r"config\.yaml: config: kde\.runs .* got '010'"):
        engine.options(where, scale="smoke")
    (tmp_path / "config.yaml").write_text("config: {seed: 1}\nconfig: {seed: 2}\n")
    with pytest.raises(UserError, match=r"config\.yaml, line 2: the key 'config' is given twice"):
        engine.options(where, scale="smoke")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("--nonsense", "unrecognized arguments: --nonsense"),
        ("--cores 0", "--cores must be at least 1"),
        ("--config seed", "--config 'seed': write it as key=value"),
        ("--config =3", "--config '=3': write it as key=value"),
        ("--config 5=3", "--config '5=3': write it as key=value"),
        ("--config kde={runs:", "--config 'kde={runs:': .*: write it as YAML"),
        ("--config kde={runs:5,runs:5}", "the key 'runs:5' is given twice"),
        ('--config kde={"a":5,"a":6}', "the key 'a' is given twice"),
        ("--config seed=010", r"--config: seed must be a whole number \(write 10\), got '010'"),
        ("--config seed=1:30", "--config: seed must be a whole number, got '1:30'"),
        ("--config seed=1e400", "--config: seed must be a whole number, got inf"),
        (f"--config seed={'9' * 5000}", "--config: seed must be a whole number, got '999"),
        ("--config seed=", "--config: seed must be a whole number, got null"),
        ("--configfile /none.yaml", r"/none\.yaml cannot be read"),
    ],
)
def test_options_that_snakemake_refuses_are_reported_in_one_line(given, expected, capsys):
    with pytest.raises(UserError, match=expected) as error:
        engine.options((), given.split(), scale="smoke")
    assert "\n" not in str(error.value)
    assert capsys.readouterr().err == ""


def test_the_scale_wins_and_targets_come_last():
    given = configuration.given(["seed=5", "scale=paper", "device=cpu"])
    asked = engine.Options(engine.place("2"), ("-n",), given, ("vae",))
    assert asked.command("smoke")[3:] == [
        *("--quiet", "host", "rules", "--cores", "2", "-n"),
        *("--config", "seed=5", 'scale="paper"', 'device="cpu"', "scale=smoke", "--", "vae"),
    ]
    assert engine.Options(()).command("smoke")[-1] == "scale=smoke"
    assert engine.place("2", "/home/me/site") == ("--profile", "/home/me/site")


def test_bare_names_are_figures_tables_or_rules():
    assert targets.resolve(["gmm_l2"], "smoke") == ["results/smoke/figures/gmm_l2.png"]
    assert targets.resolve(["tail_cutting", DISCRETE, "vae"], "smoke") == [
        *(FIGURE, TABLE, DISCRETE, "vae"),
    ]
    assert targets.resolve([], "smoke") == []
    assert engine.options((), ["-n", "gmm_l2"], ["claims"], scale="smoke").targets == (
        "results/smoke/figures/gmm_l2.png",
        "results/smoke/tables/claims.csv",
    )
    with pytest.raises(UserError, match=r"'gmm_12' is not a figure, .* choose one of gmm_l2"):
        targets.resolve(["gmm_12"], "smoke")


def test_families_override_the_scales_and_are_run_alone():
    asked = engine.options((), ["--config", "seed=5"], scale="smoke", families=["kde", "gmm"])
    assert asked.targets == (targets.OWN,)
    assert asked.given.config == {"seed": 5, "families": ["kde", "gmm"]}
    assert asked.command("smoke")[-5:] == [
        *("seed=5", 'families=["kde", "gmm"]', "scale=smoke", "--", "families")
    ]
    one = engine.options((), (), ["gmm_l2"], scale="smoke", families=["gmm"])
    assert one.targets == ("results/smoke/figures/gmm_l2.png",)
    assert reproduce.closing_line("smoke", asked.targets, ["kde", "gmm"]) == (
        "\nUp to date: kde, gmm."
    )


@pytest.mark.parametrize("family", ["opt", "gmm,kde", "GMM", ""])
def test_an_unknown_family_is_one_line_that_lists_the_families(family):
    """Several are separated by spaces, not by commas."""
    with pytest.raises(UserError) as refused:
        targets.of_families(["kde", family], (), "smoke")
    *most, last = map(repr, configuration.FAMILIES)
    known = f"{', '.join(most)} or {last}"
    assert str(refused.value) == f"FAMILY: families.1 must be {known}, got {family!r}."


def test_a_name_that_is_like_no_other_lists_few_of_many():
    known = {f"results/smoke/{n:03d}" for n in range(800)}
    line = str(targets.unknown("xyz", "smoke", known))
    assert line.count("results/smoke/") == 5 and len(line) < 300
    assert str(targets.unknown("xyz", "smoke", {"a", "b"})).count(", ") == 3


def test_a_page_is_only_named_if_it_is_finished(monkeypatch):
    assert "on one page: results/smoke/report.html" in reproduce.closing_line("smoke", ())
    assert "page" not in reproduce.closing_line("smoke", [FIGURE])

    class Plan:
        waiting = ("a job",)

        def __init__(self, *args, given):
            assert (args, given.config) == (("smoke", FIGURE), {"seed": 5})

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(reproduce.plan, "planned", Plan)
    monkeypatch.delenv("SNAKEMAKE_PROFILE", raising=False)
    asked = engine.Options((), ("-n",), configuration.given(["seed=5"]), (FIGURE,))
    assert not reproduce.finished("smoke", asked)
    asked = asked._replace(others=(), place=engine.place("2"))
    assert reproduce.finished("smoke", asked)
    # a profile may hold dry-run, until and the like
    assert not reproduce.finished("smoke", asked._replace(place=engine.place("2", "/my/site")))
    monkeypatch.setenv("SNAKEMAKE_PROFILE", "/my/site")
    assert not reproduce.finished("smoke", asked)
    Plan.waiting = ()
    assert reproduce.finished("smoke", asked)


def test_a_killed_run_resumes_with_its_own_configuration(new_checkout):
    checkout, config = new_checkout("again"), ("--configfile", "mine.yaml")
    (checkout.folder / "mine.yaml").write_text("seed: 7\n")
    command = ("reproduce", "--scale", "smoke", "--cores", "1")
    done = checkout.command(*command, "--", *config, "--", DISCRETE)
    assert done.returncode == 0, done.stderr
    assert f"Up to date: {DISCRETE}." in done.stdout
    lock = checkout.folder / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text(f"{checkout.folder / DISCRETE}\n")
    half = checkout.folder / "results/smoke/discrete/.half.77.tmp.npz"
    half.touch()
    again = checkout.command(*command, "--", *config, "--", DISCRETE)
    assert again.returncode == 0, again.stderr
    assert "an earlier run was interrupted; resuming it" in again.stdout
    assert "Nothing to be done" in again.stderr
    assert not lock.exists() and not half.exists()
    other = checkout.command(*command, "--", "-n", "--config", "seed=8", "--", DISCRETE)
    assert "discrete_chain" in other.stdout + other.stderr
    assert "Up to date" not in other.stdout


def test_a_run_that_started_on_another_machine_is_not_resumed(new_checkout):
    checkout = new_checkout("elsewhere")
    (checkout.folder / ".snakemake/locks").mkdir(parents=True)
    (checkout.folder / ".snakemake/locks/0.output.lock").write_text("")
    (checkout.folder / ".snakemake/host").write_text("login-of-old 77\n")
    done = checkout.command("reproduce", "--scale", "smoke", "--target", DISCRETE)
    assert done.returncode == 1
    assert done.stderr == (
        "ERROR: a run in this folder started on login-of-old (process 77) and has not ended. "
        "Resume it there; if it no longer exists, delete .snakemake/host and run the command "
        "again.\n"
    )


def test_what_killed_jobs_leave_is_removed_but_nothing_outside(tmp_path, monkeypatch):
    """Half-written files, and folders such as the one in which MNIST is unpacked."""
    outside, project = tmp_path / "outside", tmp_path / "project"
    for folder in (outside, project / "data/mnist/MNIST/raw", project / "results/smoke/a"):
        (folder / "tmpab_1x9yz.tmp/inner").mkdir(parents=True)
        (folder / "tmpab_1x9yz.tmp/inner/half").touch()
        for name in (".gen03.17.tmp.npz", "gen03.npz", "tmp.tmp", ".hidden"):
            (folder / name).touch()
    (project / "results/smoke/link").symlink_to(outside)
    (project / "elsewhere").symlink_to(outside)
    monkeypatch.chdir(project)
    engine.remove_unfinished("data", "results/smoke", "elsewhere", "missing")
    left = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    folders = ("data/mnist/MNIST/raw", "results/smoke/a")
    kept = ("gen03.npz", "tmp.tmp", ".hidden")
    assert left == {f"{folder}/{name}" for folder in folders for name in kept}
    assert not list(project.glob("**/tmpab_*"))
    assert len(list(outside.iterdir())) == 5
