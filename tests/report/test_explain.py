"""From a figure back to data, code and settings, as Snakemake's plan knows them."""

import re

import pytest
from collapse.errors import UserError
from pipeline import configuration, files
from report import explain
from sources import mnist

FIGURES = ("gmm_l2", "vae_samples")
EDITED = "scripts/collapse/mixture/summary.py"  # of gmm_l2's chain, not of vae_samples'


def explained(checkout, *names):
    """What the command prints for each name."""
    done = checkout.command("explain", "--scale", "smoke", "--figure", *names)
    assert done.returncode == 0, done.stderr
    sources, *texts = done.stdout.split("\n\n\n")
    assert re.search(
        r"config\.yaml: \d+ values\n  workflow/scales/smoke\.yaml: \d+ values", sources
    )
    return texts


@pytest.fixture(scope="module")
def before(finished):
    return dict(zip(FIGURES, explained(finished, *FIGURES), strict=True))


def test_rules_are_in_order_with_their_jobs_as_on_the_page(before, finished):
    rules = re.findall(r"^  (\w+) ×(\d+): scripts/jobs/", before["vae_samples"], re.M)
    assert rules == [
        *[("mnist", "1"), ("vae_train_real", "1"), ("vae_train", "2")],
        *[("vae_grid", "1"), ("vae_samples", "1")],
    ]
    assert "scale smoke; up to date" in before["vae_samples"]
    drawn = re.findall(r"^  (\w+) ×(\d+): scripts/jobs/", before["gmm_l2"], re.M)
    assert drawn
    page = (finished.folder / "results/smoke/report.html").read_text()
    for rule, n in drawn:
        assert f">{rule} ×{n}<" in page or (n == "1" and f">{rule}<" in page)


def test_hashes_and_settings_are_those_of_files_and_records(before, finished):
    text = before["vae_samples"]
    for name, digest in mnist.CANONICAL.items():
        assert f"  {digest}  data/mnist/MNIST/raw/{name}" in text
    record = files.read_json(
        finished.folder / "results/smoke/records/vae/models/replace/run00/gen01.json"
    )
    for path, fingerprint in record["parameters"]["code"].items():
        assert f"  {fingerprint[:16]}  {path}\n" in text
    caption = "workflow/report/vae_samples.md"
    assert f"  {files.sha256(finished.folder / caption)[:16]}  {caption}" in text
    assert re.search(r"^  vae_train\n    \{.*\"learning_rate\": 0.001,", text, re.M)
    assert "root seed 20230527" in text
    assert "gmm" not in text


def test_an_edited_function_changes_its_dependants_only(before, copied):
    path = copied.folder / EDITED
    path.write_text(f"{path.read_text()}\n\nUNUSED = 1\n")
    assert "up to date" in explained(copied, FIGURES[0])[0]
    path.write_text(f"{path.read_text()}\n\nprint()\n")
    changed, same = explained(copied, *FIGURES)
    assert same.strip() == before["vae_samples"].strip()
    assert "out of date; still to run: gmm_generations ×1, gmm_l2 ×1" in changed

    def lines(text):
        return {line for line in text.strip().splitlines() if "scale smoke" not in line}

    (new,) = lines(changed) - lines(before["gmm_l2"])
    assert re.fullmatch(rf"  [0-9a-f]{{16}}  {EDITED}", new)


def test_before_a_run_it_says_what_is_missing(new_checkout):
    (text,) = explained(new_checkout("unrun"), "vae_samples")
    waiting = "mnist ×1, vae_grid ×1, vae_samples ×1"
    assert f"not made yet; still to run: {waiting}" in text
    assert re.search(r"^  not here yet +data/mnist/MNIST/raw/train-images", text, re.M)


def test_an_unknown_name_lists_similar_ones():
    made = dict.fromkeys(f"results/s/figures/{name}.png" for name in ("lm_tail", "gmm_l2"))
    assert explain.paths_of("gmm_l2", made, "s") == ["results/s/figures/gmm_l2.png"]
    with pytest.raises(UserError, match=r"'gmm_12' is not a figure, .* choose one of gmm_l2, or"):
        explain.paths_of("gmm_12", made, "s")
    with pytest.raises(UserError, match="choose one of gmm_l2, lm_tail, or"):
        explain.paths_of("", made, "s")


def test_sources_of_the_configuration_are_listed_with_what_they_give(tmp_path):
    (tmp_path / "mine.yaml").write_text("kde: {runs: 5}\nlm: {revision: null}\n")
    given = configuration.given(["seed=7", "kde={runs: 6}"], [tmp_path / "mine.yaml"])
    layers = configuration.layers_of(given.layers("smoke"))
    lines = list(explain.loaded(layers))
    assert re.fullmatch(r"  .*config\.yaml: \d+ values", lines[1])
    assert re.fullmatch(r"  .*smoke\.yaml: \d+ values", lines[2])
    assert lines[3].endswith("mine.yaml: kde.runs, lm.revision")
    assert lines[4] == "  --config: seed, kde.runs"


def test_options_that_run_something_are_refused():
    with pytest.raises(UserError, match=r"explain runs nothing: .* but not -n a/b\."):
        explain.run("smoke", (), None, ["gmm_l2"], ["-n", "a/b", "--config", "seed=7"])
