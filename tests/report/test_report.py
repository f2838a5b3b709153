"""The report page: self-contained, accessible, and true to what was run."""

import hashlib
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from collapse.errors import UserError
from pipeline import checksums, files, fingerprints, hashes, yaml_files
from report import contents, page, timings
from workflow_tools import SMOKE

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = {"effect": 0.51234, "low": 0.4, "high": 0.6, "verdict": "not supported"}
CHECK = {
    **{"name": "the mean walks", "decides": True, "quantity": "growth of μ̂", "unit": "ratio"},
    **{"rule": {"within": [0.7, 1.5]}, "refuted_by": "no growth", "runs": 200, **NUMBERS},
    **{"why": "it is outside", "note": "A tenth is a choice."},
    "published": [{"quantity": "std", "grades": ["code"], "values": [0.9, 1.0]}],
    **{"interval": "mean", "generation": None},
    "control": {
        **{"what": "pool for replace", "why": "it is constant"},
        **{**dict.fromkeys(NUMBERS), "verdict": "not supported"},
    },
}
GATE = {"name": "it works", "result": "passed", "why": "3 nats, must be above 2"}
AGREEMENT = {**CHECK, "name": "as printed", "verdict": "differs", "why": "it is elsewhere"}
CLAIMS = {
    "rule": "All checks must hold.",
    "left_out": {"vae": ["V9"]},
    "claims": [
        {
            **{"id": "G9", "statement": "Tails <b>go</b>.", "where": "figure 1", "grade": "text"},
            **{"verdict": "not supported", "why": "it is outside", "checks": [CHECK]},
            **{"short": "tails go", "gates": [GATE], "agreement": [AGREEMENT]},
        },
        {
            **{"id": "D9", "statement": "States go.", "where": "appendix", "grade": "text"},
            "note": "A second reading.",
            **{"verdict": "supported", "why": "all hold"},
            **{"short": "states go", "gates": [], "agreement": []},
            "checks": [
                {
                    **{name: value for name, value in CHECK.items() if name != "note"},
                    "verdict": "supported",
                }
            ],
        },
    ],
}


class Faults(HTMLParser):
    """Faults of a page that should be self-contained and accessible."""

    def __init__(self, text):
        super().__init__()
        self.faults, self.ids, self.links, self.level, self.images = [], [], [], 0, 0
        self.feed(text)
        self.faults += [f"no target {link}" for link in self.links if link not in self.ids]
        self.faults += [f"id {name} twice" for name in self.ids if self.ids.count(name) > 1]
        self.faults += [] if 'name="viewport"' in text else ["no viewport"]
        self.faults += ["loads by style"] if re.search(r"url\((?!data:)|@import", text) else []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids += [attrs["id"]] if "id" in attrs else []
        if tag == "a" and attrs["href"].startswith("#"):
            self.links.append(attrs["href"][1:])
        if tag == "html" and not attrs.get("lang"):
            self.faults.append("no language")
        if tag in ("iframe", "object", "base"):
            self.faults.append(f"a {tag}")
        source = attrs.get("src", attrs.get("href", "") if tag == "link" else "data:")
        if not source.startswith("data:"):
            self.faults.append(f"{tag} loads {source}")
        if tag == "img":
            self.images += 1
            self.faults += [] if len(attrs.get("alt", "")) > 30 else ["no alt text"]
        if re.fullmatch("h[1-6]", tag):
            level = int(tag[1])
            self.faults += [f"{tag} after h{self.level}"] if level > self.level + 1 else []
            self.level = level


@pytest.fixture(scope="module")
def report(finished):
    return (finished.folder / "results/smoke/report.html").read_text(encoding="utf-8")


def test_the_page_shows_everything_and_has_no_faults(report, finished):
    found = Faults(report)
    assert found.faults == []
    figures = [path.stem for path in (finished.folder / "results/smoke/figures").glob("*.png")]
    assert found.images == len(figures) + len(contents.opening(figures))
    for name in figures:
        assert f'id="figure-{name}"' in report
        assert f'download="{name}-smoke.pdf"' in report
    for path in (finished.folder / "results/smoke/tables").glob("*.md"):
        shown = "claim-G1" if path.stem == "claims" else f"table-{path.stem}"  # not only a table
        assert f'id="{shown}"' in report


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('src="data:', 'src="https://example.org/', "loads"),
        (r'alt="[^"]*"', 'alt="a figure"', "alt"),
        ("<h3 ", "<h5 ", "h5 after h2"),
        ('<a href="#provenance">', '<a href="#runs">', "no target runs"),
        ('id="figure-lm_tail"', 'id="figure-lm_perplexity"', "twice"),
        ('<html lang="en">', "<html>", "language"),
        ("</main>", '<script src="x.js"></script></main>', "script loads x.js"),
        ("h1 {", "h1 { background: url(x.png);", "style"),
    ],
)
def test_faults_of_the_page_are_found(report, old, new, fault):
    assert any(fault in found for found in Faults(re.sub(old, new, report, count=1)).faults)


def listed(report, kind):
    """Names and hashes that the page lists of a kind."""
    section = report.partition(f'id="files-{kind}"')[2].partition("</details>")[0]
    return dict(re.findall(r"<code>([^<]+)</code></td><td><code>([0-9a-f]{64})<", section))


def test_the_page_lists_the_hashes_of_data(report, finished):
    data = listed(report, "data")
    assert len(data) == 10  # four files of images, six of text
    for path, digest in data.items():
        assert files.sha256(finished.folder / path) == digest
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(data.items()))
    assert hashlib.sha256(lines.encode()).hexdigest() in report


def test_the_page_lists_the_fingerprints_of_code(report, finished):
    code, known = listed(report, "code"), fingerprints.Fingerprints(hashes.HashCache(None))
    assert len(code) > 60
    texts = {path for path in code if not path.endswith(".py")}
    assert {path: known.of_file(path) for path in texts} == {path: code[path] for path in texts}
    recorded = {}
    for path in finished.folder.glob("*/**/records/**/*.json"):
        for name, digest in files.read_json(path)["parameters"]["code"].items():
            recorded.setdefault(name, set()).add(digest)
    alone = {name: digest for name, (digest, *others) in recorded.items() if not others}
    assert len(alone.keys() & code.keys()) > 60
    assert {name: digest for name, digest in code.items() if name in alone} == {
        name: digest for name, digest in alone.items() if name in code
    }
    assert code.keys() >= {
        *("scripts/collapse/vae/vae.py", "scripts/jobs/vae/train.py", "scripts/report/page.py"),
        *("reference/claims.yaml", "requirements.txt"),
        *("workflow/report/lm_tail.md", "workflow/report/page.html"),
    }


def test_the_page_lists_the_hashes_of_the_settings_in_the_records(report, finished):
    settings, found = listed(report, "settings"), {}
    of_results = finished.folder.glob("results/smoke/records/**/*.json")
    for path in (*finished.folder.glob("data/records/**/*.json"), *of_results):
        record = files.read_json(path)
        block = {
            name: value
            for name, value in record["parameters"].items()
            if name != "code" and not name.endswith("seed")
        }
        step = record["rule"].removesuffix("_pruned")
        found.setdefault(step, set()).add(json.dumps(block, sort_keys=True))
    assert len(settings) > 20
    for step, digest in settings.items():
        lines = "\n".join(sorted(found[step]))
        assert hashlib.sha256(lines.encode()).hexdigest() == digest, step


def test_the_page_can_be_made_without_the_data_and_lists_their_hashes(report, copied):
    sums = [path for path in (copied.folder / "data").rglob("*") if path.name == "SHA256SUMS"]
    assert [path.parent.name for path in sorted(sums)] == [
        *("mnist", "state_of_the_union", "wikipedia_leads"),
    ]
    for path in sums:
        assert subprocess.run(["sha256sum", "--check", path.name], cwd=path.parent).returncode == 0
    for path in (copied.folder / "data").rglob("*"):
        if path.is_file() and path not in sums and path.suffix != ".json":  # but for records
            path.unlink()
    page_here = copied.folder / "results/smoke/report.html"
    page_here.unlink()
    assert copied.planned() == {"report": 1}
    copied.run(*SMOKE, "--cores", "1")
    assert page_here.read_text(encoding="utf-8") == report
    assert len(re.findall("<code>data/", report)) == 10  # four files of images, six of text


def test_sums_are_read_as_written_and_a_broken_line_is_an_error(tmp_path):
    for name in ("b/one", "a"):
        files.write_text(tmp_path / name, name)
    path = tmp_path / "SHA256SUMS"
    checksums.write(path, [tmp_path / "b/one", tmp_path / "a"])
    found = checksums.read(path)
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("a", "b/one")}
    assert path.read_text() == "".join(f"{digests[name]}  {name}\n" for name in ("a", "b/one"))
    assert found == {str(tmp_path / name): digest for name, digest in digests.items()}
    path.write_text(path.read_text().replace("  b/one", " b/one"))
    with pytest.raises(UserError, match=r"SHA256SUMS.* '\w+ b/one'"):
        checksums.read(path)


def test_timings_are_on_a_page_outside_the_results(report, finished, monkeypatch):
    monkeypatch.chdir(finished.folder)
    timings.run("smoke", page=True)
    text = (finished.folder / "report-smoke.html").read_text(encoding="utf-8")
    assert Faults(text).faults == []
    assert "<th>vae_train</th>" in text
    assert "<th>vae_train</th>" not in report
    section = re.search('<section aria-labelledby="timings".*</section>', text, re.DOTALL)[0]
    assert text.replace(section, "<!-- timings -->") == report


LOOK = """(async () => {
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const rgba = text => text.match(/[\\d.]+/g).map(Number);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const contrast = e => {
    const [a, b] = [rgba(getComputedStyle(e).color), behind(e)].map(luminance);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  document.querySelectorAll("details").forEach(d => { d.open = true; });
  const written = [...document.querySelectorAll("main *:not(svg *), nav *, .skip")].filter(
    e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  const images = [...document.images];
  await Promise.all(images.map(i => i.decode().catch(() => null)));
  return {
    broken: images.filter(i => !i.naturalWidth).length,
    images: images.length,
    width: document.documentElement.scrollWidth,
    contrast: Math.min(...written.map(contrast)),
  };
})()"""
FOCUS = """(() => {
  const e = document.activeElement, style = getComputedStyle(e);
  return {place: [...document.querySelectorAll("*")].indexOf(e), skip: e.className === "skip",
          outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2};
})()"""


def seen(chromium, path, **screen):
    """What a browser finds on a page, and what it reports."""
    events = chromium.open(path, **screen)
    found = chromium.run(LOOK)
    events = [*events, *chromium.events]
    requests = [e["params"]["request"]["url"] for e in events if e["method"].endswith("BeSent")]
    found["requests"] = [url for url in requests if not url.startswith(("data:", f"file://{path}"))]
    kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
    found["complaints"] = sum(event["method"] in kinds for event in events)
    return found


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "light"), (1280, "dark")], ids=["phone", "desk"]
)
def test_a_browser_shows_the_page_without_warnings(chromium, finished, width, scheme):
    path = finished.folder / "results/smoke/report.html"
    found = seen(chromium, path, width=width, scheme=scheme)
    figures = [image.stem for image in (path.parent / "figures").glob("*.png")]
    assert found.pop("images") == len(figures) + len(contents.opening(figures))
    assert found.pop("contrast") >= 4.5  # WCAG 2, AA
    assert found.pop("width") <= width
    assert found == {"broken": 0, "requests": [], "complaints": 0}


def test_a_browser_finds_the_faults_of_a_bad_page(chromium, report, tmp_path):
    bad = (
        '<div style="width: 700px; color: #aaa; background: #fff">pale</div>'
        '<img alt="" src="data:image/png;base64,AAAA"><img alt="" src="none.png">'
        "<script>console.error('x')</script>"
    )
    path = tmp_path / "bad.html"
    path.write_text(report.replace("</main>", bad + "</main>"), encoding="utf-8")
    found = seen(chromium, path, width=360, scheme="light")
    assert found["broken"] == 2
    assert found["width"] >= 700
    assert found["contrast"] < 4.5
    assert found["complaints"] >= 1
    assert [url for url in found["requests"] if url.endswith("none.png")]


def test_the_tab_key_follows_the_order_of_the_page(chromium, finished):
    chromium.open(finished.folder / "results/smoke/report.html", width=1280)
    stops = []
    for _ in range(40):
        chromium.press("Tab")
        stops.append(chromium.run(FOCUS))
    places = [stop["place"] for stop in stops]
    assert stops[0]["skip"]
    assert places == sorted(set(places))
    assert all(stop["outline"] for stop in stops)


def test_snakemakes_own_report_has_captions_and_categories(finished, tmp_path):
    """Its page is a program that reads JSON; the test reads the JSON."""
    target = tmp_path / "report.html"
    finished.run(*SMOKE, "--report", str(target))
    text = target.read_text(encoding="utf-8")
    for family in contents.read(["lm_tail", "gmm_l2", "vae_collapse"], []):
        assert f'"{family.title}"' in text
    assert text.count('"in the paper"') >= 20
    assert "<strong>Each model learns from data that earlier models generated," in text
    assert "arXiv 14 and 15, Nature SI 9" in text
    assert "system-message" not in text  # docutils' warnings about a caption


def test_every_published_figure_and_table_has_an_entry():
    published = ROOT / "results" / "laptop"
    figures = sorted(path.stem for path in (published / "figures").glob("*.png"))
    tables = sorted(path.stem for path in (published / "tables").glob("*.md"))
    found = contents.read(figures, tables)
    assert sorted(name for family in found for name in family.figures) == figures
    assert sorted(name for family in found for name in family.tables) == tables


def test_a_figure_without_an_entry_is_an_error():
    with pytest.raises(UserError, match=r"no entry for vae_rainbow\. Add one to the figures of"):
        contents.read(["vae_rainbow"], [])


def test_snakemakes_report_names_family_and_counterpart():
    families = contents.read(["gmm_l2", "vae_collapse"], [])
    assert contents.family_of(families, "results/smoke/figures/gmm_l2.png").id == "gmm"
    labels = contents.labels(families, "results/smoke/figures/gmm_l2.png")
    assert labels == {"figure": "gmm_l2", "in the paper": "arXiv 13, Nature SI 8"}
    assert contents.labels(families, "vae_collapse.png")["in the paper"] == "–"


def test_claims_are_shown_with_their_verdicts():
    families = contents.read([], ["claims"])
    facts = {kind: {"digest": "", "rows": []} for kind in ("code", "settings", "data")}
    text = page.render(
        families=families, figures={}, tables={}, sliders={},
        steps={"claims": {}}, claims=CLAIMS, digests=facts, versions={}, scale="smoke", seed=1,
    )  # fmt: skip
    assert Faults(text).faults == []
    assert "1 not supported" in text
    assert "1 supported" in text
    assert "not testable at this scale" not in text
    assert re.search('<h3 id="claim-G9">G9:\\s*<span class="verdict not-supported">', text)
    assert "Tails &lt;b&gt;go&lt;/b&gt;." in text
    assert "Claims on what was not run are left out: VAE (V9)." in text
    assert "Tested only if: it works (passed: 3 nats, must be above 2)." in text
    assert '<span class="verdict differs">' in text
    assert "growth of μ̂ (ratio)</td>" in text
    assert "all hold" not in text
    assert "A second reading." in text
    for cell in (
        "0.512 [0.4, 0.6]",
        "within 0.7 to 1.5",
        "std: 0.9 to 1 [code]",
        "it is outside. A tenth is a choice.",
        "replace: –, not supported: it is constant",
    ):
        assert f"{cell}</td>" in text


def test_every_claim_has_a_figure_and_every_lead_is_one():
    figures = sorted(path.stem for path in (ROOT / "results/laptop/figures").glob("*.png"))
    families = contents.read(figures, [])
    claims = yaml_files.read_yaml(ROOT / "reference/claims.yaml")["claims"]
    linked = [
        claim for f in families for entry in f.figures.values() for claim in entry.get("claims", [])
    ]
    assert sorted(linked) == sorted(claim["id"] for claim in claims)  # each once
    assert all(family.lead in ("", *family.figures) for family in families)
    assert len(contents.opening(figures)) == 3


def test_a_lead_that_is_not_drawn_is_replaced():
    (family,) = contents.read(["gaussian_growing"], [])
    assert family.lead == "gaussian_growing"
    assert contents.opening(["gaussian_growing"]) == []


def test_columns_of_numbers_are_aligned_right(tmp_path):
    path = tmp_path / "table.md"
    path.write_text("| a | b | c |\n|---|---|---|\n| 1.5e-05 | 0.9 [0.8, 1] | 2 words |\n")
    found = page.table("t", path, "T")
    assert (found["rows"], found["long"]) == (1, False)
    assert re.findall(r'<(\w+)[^>]* class="number">([^<]*)', found["html"]) == [
        *[("th", "a"), ("th", "b"), ("td", "1.5e-05"), ("td", "0.9 [0.8, 1]")],
    ]
