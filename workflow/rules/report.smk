"""The page with all results, and the pictures of the loop and of the pipeline."""


rule feedback_loop:
    """The loop of the paper, a drawing without data."""
    output:
        figure("results/{scale}/figures/feedback_loop"),
    log:
        "logs/{scale}/figures/feedback_loop.log",
    params:
        code=code_of("report/feedback_loop_figure.py", "workflow/report/feedback_loop.md"),
    script:
        "../../scripts/jobs/report/feedback_loop_figure.py"


rule pipeline:
    """The pipeline, drawn from the workflow itself."""
    output:
        figure("results/{scale}/figures/pipeline"),
    log:
        "logs/{scale}/figures/pipeline.log",
    params:
        columns=provenance.columns,
        code=code_of("report/pipeline_figure.py", "workflow/report/pipeline.md"),
    script:
        "../../scripts/jobs/report/pipeline_figure.py"


rule report:
    """One page with every figure, table and verdict, and what they were made from."""
    input:
        **helpers.of(
            "vae",
            grids=expand(
                "results/{{scale}}/vae/shown/{regime}.npz", regime=config["vae"]["regimes"]
            ),
        ),
        **helpers.of("lm", examples="results/{scale}/tables/lm_examples.csv"),
        figures=layout.figures("png"),
        pdfs=layout.figures("pdf"),
        captions=layout.figures("md"),
        data=provenance.figure_data,
        tables=layout.tables("md"),
        claims="results/{scale}/tables/claims.json",
        sums=provenance.data_sums,
    output:
        "results/{scale}/report.html",
    log:
        "logs/{scale}/report.log",
    params:
        seed=config["seed"],
        steps=provenance.family_steps,
        drawn_from=provenance.drawn_from,
        grids={name: config["figures"]["vae_samples"][name] for name in ("generations", "rows")},
        data=provenance.data,
        sources=provenance.code,
        settings=provenance.settings,
        code=code_of(
            "report/report.py",
            *("workflow/report/page.html", "workflow/report/page.css", "workflow/report/page.js"),
            "CITATION.cff",
            "workflow/report/contents.yaml",
            "requirements.txt",
        ),
    script:
        "../../scripts/jobs/report/report.py"


rule tables:
    """All tables."""
    input:
        provenance.shown("tables"),


rule figures:
    """All figures."""
    input:
        provenance.shown("figures"),
