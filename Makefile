# Two commands matter: `make demo` shows it, `make test` proves it. Both set up everything they need.

PYTHON ?= python3
VENV ?= .venv
FOREIGN := .venv-foreign
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RUN_LOCK := $(VENV)/.installed-run
DEV_LOCK := $(VENV)/.installed-dev
FOREIGN_LOCK := $(FOREIGN)/.installed
PROJECT := $(VENV)/.installed-unisono

# Two pip runs in one environment would disturb each other.
.NOTPARALLEL:
.PHONY: help demo test check features slow foreign storm storm-night bench fresh lock setup clean browser

help:
	@echo "make demo      two simulated systems, a first sync, the stories; its pages in a browser to play with (ARGS=--once: ends by itself)"
	@echo "make test      everything that is checked, in stages"
	@echo "make check     the quick part of it: format, types, imports, unit and contract tests"
	@echo "make features  every promised feature with its tests and their result"
	@echo "make slow      the tests that take longer than a commit can wait for"
	@echo "make foreign   clients that other people wrote, in an environment of their own, talk to the simulators"
	@echo "make storm     a simulated world in which everything breaks: as much of it as a commit is worth (ARGS=--write: docs/storm.md)"
	@echo "make storm-night plays a long run from the last seed on, two hours at most (ARGS='--minutes 30')"
	@echo "make bench     first sync without limits: records a second, memory, calls against the minimum; how long a visitor of the demo waits; the reference job beside a bare loop"
	@echo "make fresh     make test and make demo in a stripped environment, from a clone"
	@echo "make lock      write requirements/*.txt anew"
	@echo "make browser   Chromium, in which the pages are tried, if it is missing and may be installed"
	@echo "make clean     remove the environment and every cache"

demo: $(PROJECT)
	@$(BIN)/unisono demo $(ARGS)

test: $(DEV_LOCK) $(PROJECT) $(FOREIGN_LOCK) browser
	@$(BIN)/python -m tests.stages test

# The pages are tried in a real browser. As root on Debian it comes by apt; elsewhere the tests say loudly that it is missing.
browser:
	@for name in chromium chromium-browser google-chrome; do if command -v $$name >/dev/null; then exit 0; fi; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing Chromium, in which the pages are tried (a minute or two, once)"; \
	  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium; } >/dev/null 2>&1 \
	    || echo "Chromium could not be installed: the pages are not tried in a browser" >&2; \
	fi

check: $(DEV_LOCK) $(PROJECT)
	@$(BIN)/python -m tests.stages check

features: $(DEV_LOCK) $(PROJECT)
	@$(BIN)/python -m tests.features

slow: $(DEV_LOCK) $(PROJECT) $(FOREIGN_LOCK)
	@$(BIN)/python -m pytest -q -m slow tests

foreign: $(DEV_LOCK) $(PROJECT) $(FOREIGN_LOCK)
	@$(BIN)/python -m tests.stages test "foreign clients"

storm: $(DEV_LOCK) $(PROJECT)
	@$(BIN)/python -m tests.storm $(ARGS)

storm-night: $(DEV_LOCK) $(PROJECT)
	@$(BIN)/python -m tests.storm --night --write $(ARGS)

bench: $(DEV_LOCK) $(PROJECT)
	@$(BIN)/python -m bench $(ARGS)
	@$(BIN)/python -m bench.pages
	@$(BIN)/python -m bench.visit
	@$(BIN)/python -m bench.mappings
	@$(BIN)/python -m bench.reference --large --latency --rate-limit

fresh:
	@bash tests/shape/fresh.sh

# Keeps today's pins where it can; `make lock ARGS=--upgrade` takes the newest that the *.in files allow.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
lock: $(DEV_LOCK)
	$(COMPILE) $(ARGS) requirements/run.in -o requirements/run.txt
	$(COMPILE) $(ARGS) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) $(ARGS) requirements/foreign.in -o requirements/foreign.txt
	@! grep -n '://' requirements/*.txt || { echo "a lock names a host: see above" >&2; exit 1; }

setup: $(DEV_LOCK) $(PROJECT)

clean:
	rm -rf "$(VENV)" "$(FOREIGN)" .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Unisono needs Python 3.11 or newer, and '$(PYTHON)' is older or missing. Name another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "'$(PYTHON)' cannot make a virtual environment: its modules venv and ensurepip are missing. On Debian and Ubuntu they come with the package python3-venv." >&2; exit 1; }
	@echo "making the environment in $(VENV)"
	@$(PYTHON) -m venv "$(VENV)"

# Installed anew only when the lock has changed. The development lock holds every pin of the other and marks it as done too.
$(RUN_LOCK): requirements/run.txt | $(BIN)/python
	@echo "installing what Unisono runs on (a minute at most, once)"
	@$(PIP) install -qq --require-hashes -r requirements/run.txt
	@touch $@

$(DEV_LOCK): requirements/dev.txt requirements/run.txt | $(BIN)/python
	@echo "installing what building and testing need (a minute or two, once)"
	@$(PIP) install -qq --require-hashes -r requirements/dev.txt
	@touch $(RUN_LOCK) $@

# An environment of its own: nothing the foreign clients need mixes with what Unisono needs.
$(FOREIGN_LOCK): requirements/foreign.txt | $(BIN)/python
	@echo "installing clients that other people wrote, to try the simulators with (half a minute, once)"
	@[ -x "$(FOREIGN)/bin/python" ] || $(PYTHON) -m venv "$(FOREIGN)"
	@$(FOREIGN)/bin/python -m pip --disable-pip-version-check install -qq --require-hashes -r requirements/foreign.txt
	@touch $@

# `test` names the development lock first, so that the smaller one is already marked when make comes here.
$(PROJECT): pyproject.toml $(RUN_LOCK)
	@$(PIP) install -qq --no-deps --no-build-isolation -e .
	@touch $@
