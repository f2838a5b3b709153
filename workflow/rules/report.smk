"""The report: one page that shows all figures and tables, and what they were made from."""


rule report:
    """One page with every figure, table and verdict, and what they were made from."""
    input:
        figures=[path for path in figures() if path.endswith(".png")],
        captions=[path for path in figures() if path.endswith(".md")],
        tables=[path for path in tables() if path.endswith(".md")],
        claims=lambda w: [p for p in [f"results/{w.scale}/tables/claims.json"] if producer(p)],
        # all files that they come from: their hashes stand on the page. Data need not be here
        sources=origins("others"),
        sums=data_sums,
        rules=["workflow/Snakefile", *sorted(map(str, Path("workflow/rules").glob("*.smk")))],
        contents=CONTENTS,
        template="workflow/report/page.html",
        versions="requirements.txt",
        code=code_of("report.py"),
    output:
        "results/{scale}/report.html",
    log:
        "logs/{scale}/report.log",
    params:
        seed=config["seed"],
        steps=family_steps,
        data=origins("data"),
    script:
        "../../scripts/report.py"
