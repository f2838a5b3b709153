"""What a reader does with the page: zoom, copy, download, step, print; on a small page."""

import base64
import csv

import numpy as np
import pytest
from pipeline import files
from report import citation, contents, page, plotting, runs, sliders

NAMES = ["gaussian_replace", "vae_samples"]
HOSTILE = "</script><script>document.title = 'bad'</script><b>&amp;\n"
ALL = "[...document.querySelectorAll('%s')]"


def texts(path):
    """A table of continuations, as the job lm_examples writes it."""
    rows = [("", "prompt", "Once"), ("replace_me", "generation 0", HOSTILE)]
    rows += [("replace_me", "generation 10", "last"), ("sham", "generation 2", "middle")]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("setting", "text", "content"), *rows])
    return path


RUNS = """generation,mean,low,high,run00,run01,quantity,setting
-1,9,9,9,9,9,the_loss,sham
0,1,0,2,0.5,1.5,the_loss,sham
1,2,1,3,1.5,2.5,the_loss,sham
0,4,3,5,4,4,the_loss,mine_too
1,,,,8,,the_loss,mine_too
0,0,-1,1,0,0,share,sham
"""


def with_runs(folder):
    """A table with the single runs of two settings."""
    (folder / "lm_toy.csv").write_text(RUNS, encoding="utf-8")
    return folder / "lm_toy.csv"


def grids(folder):
    """Grids of 2 × 2 images of 2 × 3 pixels, grey values 0 to 23, and 24 to 47."""
    grid = np.arange(48, dtype=np.uint8).reshape(2, 4, 2, 3)
    files.write_arrays(folder / "replace.npz", images=grid)
    return [folder / "replace.npz"]


def figure(folder, name):
    """Files of a wide figure."""
    drawn, axes = plotting.grid(1, 3, height=2)
    axes[0, 0].plot([0, 1])
    drawn.savefig(folder / f"{name}.png")
    plotting.plt.close(drawn)
    (folder / f"{name}.pdf").write_bytes(b"%PDF-1.4 " + name.encode())
    (folder / f"{name}.md").write_text("**It <i>shrinks</i>.** Over `n` runs.", encoding="utf-8")
    (folder / f"{name}.csv").write_text(f"generation,{name}\n0,1 {HOSTILE}", encoding="utf-8")
    made = {kind: folder / f"{name}.{end}" for kind, end in
            {"png": "png", "pdf": "pdf", "caption": "md"}.items()}  # fmt: skip
    return {**made, "tables": [folder / f"{name}.csv"]}


def rendered(folder):
    wide = " | ".join(["a long column"] * 30)
    rows = [f"| {wide} |", "|" + " - |" * 30, f"| {wide} |"]
    (folder / "lm_examples.md").write_text("\n".join(rows), encoding="utf-8")
    figures = {name: figure(folder, name) for name in NAMES}
    figures["gaussian_replace"]["tables"].append(with_runs(folder))
    tables = {"lm_examples": folder / "lm_examples.md"}
    moving = sliders.images("vae_samples", grids(folder), generations=[0, 5], rows=2)
    families = contents.read(list(figures), list(tables))
    return page.render(
        families=families,
        figures=figures,
        tables=tables,
        sliders=moving | sliders.texts("lm_examples", texts(folder / "lm_examples.csv")),
        steps={family.id: {} for family in families},
        claims={"rule": "", "left_out": {}, "claims": []},
        digests={kind: page.listing({"a": "0" * 64}) for kind in ("code", "settings", "data")},
        **{"versions": {}, "scale": "toy", "seed": 1},
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "report.html").write_text(rendered(folder), encoding="utf-8")
    return folder / "report.html"


@pytest.fixture
def opened(chromium, made):
    chromium.open(made, width=1280)
    chromium.run("navigator.clipboard.writeText = async text => { window.copied = text; }, 0")
    yield chromium
    kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    assert [event for event in chromium.events if event["method"] in kinds] == []


def test_the_same_files_give_the_same_page(made, tmp_path):
    assert rendered(tmp_path) == made.read_text(encoding="utf-8")


def test_text_from_files_is_shown_as_text(opened):
    assert opened.run("document.title") == "Model collapse, reproduced: scale toy"
    assert opened.run("document.querySelectorAll('main b, main i').length") == 0
    assert opened.run("document.querySelector('blockquote').textContent") == HOSTILE
    assert "It <i>shrinks</i>" in opened.run(
        "document.querySelector('#figure-vae_samples').textContent"
    )


def test_data_and_citation_are_copied(opened, made):
    opened.run("document.querySelector('[data-csv=vae_samples]').click()")
    copied = opened.run("window.copied")
    assert copied == (made.parent / "vae_samples.csv").read_text(encoding="utf-8")
    opened.run("document.querySelector('[data-citation]').click()")
    entry = opened.run("window.copied")
    assert entry.startswith("@software{collapse-gaussian-replace,\n")
    assert "note = {Figure gaussian\\_replace, scale toy; code SHA-256" in entry
    status = "document.getElementById('status').textContent"
    assert opened.run(f"Promise.resolve().then(() => {status})") == "Copied the citation as BibTeX."


def test_without_a_clipboard_the_page_copies_the_old_way_or_says_that_it_cannot(opened):
    opened.run("navigator.clipboard.writeText = async () => { throw new Error(); }, 0")
    for works in (True, False):
        opened.run(f"document.execCommand = () => {str(works).lower()}, 0")
        click = "document.querySelector('[data-citation]').click()"
        status = opened.run(
            f"({click}, new Promise(done => setTimeout(done, 50)))"
            ".then(() => document.getElementById('status').textContent)"
        )
        assert status.startswith("Copied" if works else "The browser does not allow")
    assert opened.run("document.querySelector('textarea')") is None


def test_the_pdf_is_in_the_page(opened):
    links = opened.run(ALL % "a[download]" + ".map(a => [a.download, a.href])")
    names, contents_of = zip(*links, strict=True)
    assert names == ("gaussian_replace-toy.pdf", "vae_samples-toy.pdf")
    kind, _, content = contents_of[0].partition(",")
    assert kind == "data:application/pdf;base64"
    assert base64.b64decode(content) == b"%PDF-1.4 gaussian_replace"


def test_the_keyboard_opens_zooms_and_closes_a_figure(opened):
    opened.run("document.querySelector('[data-zoom]').focus()")
    opened.press("Enter")
    zoomed = "document.querySelector('.lens img')"
    opened.run(f"{zoomed}.decode().then(() => new Promise(requestAnimationFrame)).then(() => 0)")
    assert opened.run("document.getElementById('zoom').open")
    width = opened.run(f"{zoomed}.width")
    opened.press("+")
    assert opened.run(f"{zoomed}.width") == pytest.approx(1.5 * width, abs=2)
    opened.press("0")
    assert opened.run(f"{zoomed}.width") == width
    opened.press("Escape")
    assert not opened.run("document.getElementById('zoom').open")
    assert opened.run("document.activeElement.dataset.zoom") == "figure-gaussian_replace"


def test_a_slider_steps_through_the_texts_of_the_generations(opened):
    slider = "document.getElementById('slider-lm_examples')"
    shown = ALL % ".stage blockquote" + ".map(e => e.textContent)"
    missing = "(not run up to this generation)"
    assert opened.run(shown) == [HOSTILE, missing]
    opened.run(f"{slider}.focus()")
    opened.press("ArrowRight")
    assert opened.run(shown) == [missing, "middle"]
    opened.press("ArrowRight")
    assert opened.run(shown) == ["last", missing]
    assert opened.run(f"{slider}.getAttribute('aria-valuetext')") == "generation 10"
    labels = opened.run(ALL % ".stage blockquote" + ".map(e => e.previousSibling.textContent)")
    assert labels == ["replace me", "real data only, trained again"]


def test_a_slider_draws_the_images_of_the_generations(opened):
    opened.run("document.getElementById('slider-vae_samples').focus()")
    opened.press("End")
    grey = opened.run(
        "(c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        ".filter((_, i) => i % 4 === 0))(document.querySelector('canvas'))"
    )
    rows = [[24, 25, 26, 30, 31, 32], [27, 28, 29, 33, 34, 35]]
    rows += [[36, 37, 38, 42, 43, 44], [39, 40, 41, 45, 46, 47]]
    assert grey == [value for row in rows for value in row]


def test_runs_intervals_and_settings_are_shown_or_hidden_by_keyboard(opened):
    def drawn():
        kinds = opened.run(ALL % ".runs svg path" + ".map(e => e.getAttribute('class'))")
        return {kind: kinds.count(kind) for kind in ("mean", "interval", "run")}

    opened.run("document.querySelector('.runs summary').focus()")
    opened.press("Enter")
    assert opened.run("document.querySelector('.runs').open")
    assert drawn() == {"mean": 2, "interval": 2, "run": 4}
    for part, left in (("run", {"run": 0}), ("interval", {"run": 0, "interval": 0})):
        opened.run(f"document.querySelector('[data-part={part}]').focus()")
        opened.press(" ")
        assert drawn() == {"mean": 2, "interval": 2, "run": 4} | left
    opened.run("document.querySelector('.runs .lines input').focus()")
    opened.press(" ")
    assert drawn() == {"mean": 1, "interval": 0, "run": 0}
    assert opened.run("document.querySelector('.runs svg').ariaLabel") == "Means of mine too"
    choose = "(s => { s.value = 'share'; s.dispatchEvent(new Event('change')); })"
    opened.run(f"{choose}(document.querySelector('.runs select')), 0")
    labels = opened.run(ALL % ".runs .lines label" + ".map(e => e.textContent.trim())")
    assert labels == ["real data only, trained again"]


def test_charts_have_values_of_tables_with_single_runs_only(tmp_path):
    (tmp_path / "other.csv").write_text("generation,mean,low,high,setting\n0,1,1,1,sham\n")
    found = runs.charts([tmp_path / "other.csv", with_runs(tmp_path)])
    assert list(found) == ["lm_toy"]
    assert list(found["lm_toy"]) == ["the loss", "share"]
    sham, mine = found["lm_toy"]["the loss"]
    assert (sham["generation"], sham["runs"]) == ([0, 1], [[0.5, 1.5], [1.5, 2.5]])
    assert (mine["label"], mine["mean"], mine["runs"][1]) == ("mine too", [4, None], [4, None])
    assert sham["colour"] != mine["colour"]


def test_a_phone_shows_whole_figures_and_names_what_is_cut(chromium, made):
    chromium.open(made, width=360)
    chromium.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    chromium.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    assert chromium.run("document.documentElement.scrollWidth") <= 360
    assert chromium.run("Math.max(...[...document.images].map(i => i.width))") <= 360
    cut_and_hinted = "e => [e.scrollWidth > e.clientWidth + 1, !e.previousElementSibling.hidden]"
    found = chromium.run(ALL % ".scroll" + f".map({cut_and_hinted})")
    assert [True, True] in found
    assert all(cut == hinted for cut, hinted in found)


def test_paper_shows_no_buttons_and_cuts_nothing(chromium, made):
    chromium.open(made, width=1280)
    chromium.printed(width=700)
    visible = ".filter(e => e.offsetParent).length"
    assert chromium.run(ALL % "button, nav, input, .runs" + visible) == 0
    assert chromium.run(ALL % "main img" + visible) == 4
    assert chromium.run("document.documentElement.scrollWidth") <= 700


def test_a_citation_names_people_and_escapes_what_latex_would_read():
    people = [{"family-names": "Ng", "given-names": "A"}, {"name": "R&D"}]
    facts = {"authors": people, "title": "A", "version": "1.0", "date-released": "2026-01-02"}
    entry = citation.bibtex({**facts, "doi": "10.1/x"}, "key", "100 % of a_b")
    assert entry.splitlines() == [
        *("@software{key,", "  author = {Ng, A and {R\\&D}},", "  title = {{A}},"),
        *("  version = {1.0},", "  year = {2026},", "  doi = {10.1/x},"),
        *("  note = {100 \\% of a\\_b},", "}"),
    ]


def test_no_slider_without_results():
    assert sliders.images("vae_samples", [], generations=[0], rows=1) == {}
    assert sliders.texts("lm_examples", None) == {}
