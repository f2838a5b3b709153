"""From a figure back to data, code and settings, as Snakemake itself knows them."""

import re
import sys

import explain
import pytest
from pipeline import files
from sources import mnist

FIGURES = ("gmm_l2", "vae_samples")
EDITED = "scripts/collapse/theory.py"  # of gmm_l2's chain, not of vae_samples'


def explained(checkout, *names):
    """What the command prints for each name."""
    done = checkout.call(sys.executable, "scripts/explain.py", "smoke", *names)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n\n\n")


@pytest.fixture(scope="module")
def before(finished):
    return dict(zip(FIGURES, explained(finished, *FIGURES), strict=True))


def test_rules_stand_in_order_with_their_jobs_as_on_the_page(before, finished):
    rules = re.findall(r"^  (\w+) ×(\d+): scripts/", before["vae_samples"], re.M)
    assert rules == [
        *[("mnist", "1"), ("vae_real", "1"), ("vae_train_real", "1"), ("vae_train", "2")],
        *[("vae_grid", "1"), ("vae_samples", "1")],
    ]
    assert "scale smoke; up to date" in before["vae_samples"]
    drawn = re.findall(r"^  (\w+) ×(\d+): scripts/", before["gmm_l2"], re.M)
    page = (finished.folder / "results/smoke/report.html").read_text()
    for rule, n in drawn:
        assert f">{rule} ×{n}<" in page or (n == "1" and f">{rule}<" in page)


def test_hashes_and_settings_are_those_of_the_files(before, finished):
    for text in before.values():
        for digest, path in re.findall(r"^  ([0-9a-f]{16,64})  (\S+)$", text, re.M):
            assert files.sha256(finished.folder / path).startswith(digest)
    text = before["vae_samples"]
    for name, digest in mnist.CANONICAL.items():
        assert f"  {digest}  data/mnist/MNIST/raw/{name}" in text
    assert re.search(r"vae_train.json\n    \{.*\"learning_rate\": 0.001,", text)
    assert "root seed 20230527" in text
    assert "  scripts/collapse/vae.py" in text
    assert "gmm" not in text


def test_an_edited_library_file_changes_its_dependants_only(before, copied):
    copied.replace(EDITED, "return 1.5 * np.as", "return 1.50 * np.as")
    changed, same = explained(copied, *FIGURES)
    assert same.strip() == before["vae_samples"].strip()
    assert "out of date; still to be run: gmm_generations ×1, gmm_l2 ×1" in changed

    def lines(text):
        return {line for line in text.strip().splitlines() if "scale smoke" not in line}

    digest = files.sha256(copied.folder / EDITED)[:16]
    assert lines(changed) - lines(before["gmm_l2"]) == {f"  {digest}  {EDITED}"}


def test_before_a_run_it_says_what_is_missing(new_checkout):
    (text,) = explained(new_checkout("unrun"), "vae_samples")
    waiting = "mnist ×1, vae_grid ×1, vae_real ×1, vae_samples ×1"
    assert f"not made yet; still to be run: {waiting}" in text
    assert re.search(r"^  not here yet +data/mnist/MNIST/raw/train-images", text, re.M)
    assert f"  {files.sha256('scripts/collapse/vae.py')[:16]}  scripts/collapse/vae.py" in text


def test_an_unknown_name_lists_those_that_are_near():
    made = dict.fromkeys(f"results/s/figures/{name}.png" for name in ("lm_tail", "gmm_l2"))
    assert explain.paths_of("gmm_l2", made, "s") == ["results/s/figures/gmm_l2.png"]
    with pytest.raises(SystemExit, match=r"'gmm_12' is no figure, .* choose one of gmm_l2, or"):
        explain.paths_of("gmm_12", made, "s")
    with pytest.raises(SystemExit, match="choose one of gmm_l2, lm_tail, or"):
        explain.paths_of("", made, "s")
