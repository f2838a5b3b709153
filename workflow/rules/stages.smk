"""Targets of DVC's stages (dvc.yaml): all that tables and figures take from one family."""


rule discrete:
    input:
        shown_of("discrete"),


rule gaussian:
    input:
        shown_of("gaussian"),


rule gmm:
    input:
        shown_of("gmm"),


rule vae:
    input:
        shown_of("vae"),


rule lm:
    input:
        shown_of("lm"),


rule tables:
    input:
        shown_of("tables"),


rule figures:
    input:
        shown_of("figures"),
