# Each target is a command of scripts/cli.py, which `make help` lists. Variables reach it through the
# environment, never through a command line: no value is executed by make or by a shell. Python runs
# isolated (-I): it takes no modules from the caller's PYTHONPATH.
COMMANDS  := reproduce report explain pull render figure timings publish crate release gc verify \
             plan measure test-cluster check test benchmark dvc lock
VARIABLES := SCALE FAMILY CORES PROFILE TARGET FIGURE NAME WHAT REMOTE FORCE CHECK CONFIRM DEEP ARGS PYTHON

PYTHON ?= python3
SET    := $(foreach name,$(VARIABLES),$(if $(filter-out undefined,$(origin $(name))),$(name)))
$(foreach name,$(SET),$(eval override export $(name) := $$(value $(name))))

GIVEN   := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
UNKNOWN := $(filter-out $(VARIABLES) MAKEFLAGS MAKEOVERRIDES -*-command-variables-*-,$(GIVEN))
ifneq ($(UNKNOWN),)
$(error $(firstword $(UNKNOWN))= is not a variable of this project; it has $(VARIABLES))
endif

.PHONY: help venv clean-venv $(COMMANDS)
.DEFAULT_GOAL := help

help venv clean-venv:
	@"$$PYTHON" -I -X utf8 scripts/cli.py $@

$(COMMANDS): venv
	@.venv/bin/python -I -X utf8 scripts/cli.py $@
