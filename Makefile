# One command from a fresh checkout to JupyterLab, without root: `make lab`. Works with GNU make 3.81.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PINS   := pyproject.toml constraints.txt
# Three files of tests at a time, as much of them is waiting; those of a file share what they start.
WORKERS ?= 3
SPREAD := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# What failed in company is run once more alone, and must then pass: the first failure stays printed,
# as a test that fails only on a busy machine is to be mended too.
ALONE = { status=$$?; [ $$status -eq 1 ] || exit $$status; \
	echo "== Once more, one at a time: what failed"; \
	$(BIN)/python -m pytest -ra --last-failed --last-failed-no-failures none --maxfail 1 $(ARGS); }

# Tests that need no browser and no server, for other Pythons and other versions of what is needed:
# `make portable VENV=build/venv-3.13 PYTHON=python3.13`.
PORTABLE := -m 'not server and not browser' \
	--ignore-glob='*/test_bench*.py' --ignore=tests/tuning/test_cluster.py \
	$(wildcard $(addprefix tests/,charts errors files instrumentation kernels modelling \
	patterns primitives settings tuning workloads))
# Lines and branches are counted in child processes too, wherever they are started.
COVERAGE := COVERAGE_FILE=$(CURDIR)/build/coverage/data $(BIN)/python -m coverage

# What `make fuzz` does: SECONDS (under 600), SEED, PARTS (importers ...; all where empty), HOW.
SECONDS ?= 540
SEED    ?= 0
HOW     ?= both
# What `make soak` does to each of three patterns, from SEED.
OPERATIONS ?= 200000

.PHONY: help lab test portable lowest covered uncompiled coverage coverage-report check bench wheel docs pictures fuzz soak clean
.DELETE_ON_ERROR:

help:
	@echo "make lab       set up $(VENV) and open JupyterLab on the notebooks"
	@echo "make test      set up $(VENV) and run all tests (ARGS='-k cache' picks some)"
	@echo "make portable  the tests that need no browser and no server"
	@echo "make lowest    the same, with the lowest versions of what perflab needs"
	@echo "make coverage  all tests, then which lines and branches they left out"
	@echo "make check     format, lint, spelling, wording, types, import contracts, bare notebooks"
	@echo "make bench     run what is timed, side by side with its peers (some minutes)"
	@echo "make wheel     build the wheel; install it with each extra, measure, and use each pattern"
	@echo "make docs      the documentation, into build/docs"
	@echo "make pictures  the README's pictures, of real panels in Chromium"
	@echo "make fuzz      hostile inputs for SECONDS=... from SEED=..., of PARTS='importers ...'"
	@echo "make soak      OPERATIONS=... random operations on the patterns, from SEED=..., with faults"
	@echo "make clean     remove builds and caches; $(VENV) stays"
	@echo "WORKERS=...    how many files of tests run at a time; now $(WORKERS), and 0 is one in order"
	@echo "PYTHON=...     which Python (3.11 or later) makes $(VENV); now $(PYTHON)"

lab: $(VENV)/.installed
	$(BIN)/perflab lab $(ARGS)

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(SPREAD) $(ARGS) || $(ALONE)

portable: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(SPREAD) $(PORTABLE) $(ARGS) || $(ALONE)

# With the lowest versions of direct dependencies that are allowed, in an environment of their own:
# `make lowest LOWEST_PYTHON=python3.12`.
LOWEST_PYTHON ?= $(PYTHON)
lowest: $(VENV)/.installed-dev
	$(LOWEST_PYTHON) -m venv --clear build/venv-lowest
	$(BIN)/python .ci/lowest $(BIN)/uv build/venv-lowest/bin/python test build/lowest.txt
	$(BIN)/uv pip install --quiet --python build/venv-lowest/bin/python -r build/lowest.txt
	$(BIN)/uv pip install --quiet --python build/venv-lowest/bin/python --no-deps -e .
	@touch build/venv-lowest/.made build/venv-lowest/.installed-test
	$(MAKE) portable VENV=build/venv-lowest

covered: $(VENV)/.installed-dev
	rm -rf build/coverage && mkdir -p build/coverage
	$(COVERAGE) run -m pytest $(SPREAD) $(ARGS)

# Kernels as plain Python, which is the only way to see into them.
uncompiled: $(VENV)/.installed-dev
	NUMBA_DISABLE_JIT=1 $(COVERAGE) run -m pytest -q -m 'not compiled' tests/kernels

coverage-report: $(VENV)/.installed-dev
	$(COVERAGE) combine --quiet
	$(COVERAGE) report

coverage:
	$(MAKE) covered
	$(MAKE) uncompiled
	$(MAKE) coverage-report

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell perflab docs notebooks README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md
	$(BIN)/python -m pytest -q tests/language
	$(BIN)/mypy
	$(BIN)/mypy tests/typing/use_*.py
	$(BIN)/basedpyright --pythonpath $(BIN)/python -p tests/typing
	$(BIN)/lint-imports
	$(BIN)/nbstripout --verify notebooks/*.ipynb

bench: $(VENV)/.installed-test
	@for script in tests/benchmarks/*.py; do \
		echo "$$script"; $(BIN)/python "$$script" || exit 1; \
	done

wheel: $(VENV)/.installed-dev
	$(BIN)/python tests/wheel/measure.py $(ARGS)

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "open build/docs/index.html"

pictures: $(VENV)/.installed-test
	$(BIN)/python tests/browser/pictures.py $(ARGS)

fuzz: $(VENV)/.installed-fuzz
	$(BIN)/python tests/fuzz/runner.py --seconds $(SECONDS) --seed $(SEED) --how $(HOW) $(PARTS)

soak: $(VENV)/.installed-test
	@for script in cache redis_cache connection_pool; do \
		$(BIN)/python tests/soak/$$script.py --operations $(OPERATIONS) --seed $(SEED) || exit 1; \
	done

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find perflab tests notebooks -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "perflab needs Python 3.11 or later, and '$(PYTHON)' is not;" \
			"name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made $(PINS)
	$(PIP) -e '.[lab]'
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made $(PINS)
	$(PIP) -e '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: $(VENV)/.made $(PINS)
	$(PIP) -e '.[test,dev]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test

$(VENV)/.installed-docs: $(VENV)/.made $(PINS)
	$(PIP) -e '.[lab,docs]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-fuzz: $(VENV)/.made $(PINS)
	$(PIP) -e '.[test,fuzz]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test
