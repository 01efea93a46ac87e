# One virtual environment, .venv, with locked and hashed dependencies; every target makes what it needs first.
# Only Python 3.11 or newer and make have to be there. Choose another Python with: make PYTHON=/path/to/python3 ...

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
JOBS ?= 2

# An editable install names this folder: after the folder was moved or copied, install the project again.
ifneq ($(shell cat .venv/.project 2>/dev/null),$(CURDIR))
.PHONY: .venv/.project
endif

## demo      a day of real history through the whole program, offline; the page at the printed address
.PHONY: demo
demo: .venv/.run .venv/.project
	@.venv/bin/secondsource demo $(ARGS)

## up        everything in one process, live, with ./secondsource.yaml
.PHONY: up
up: .venv/.run .venv/.project
	@.venv/bin/secondsource up $(ARGS)

## test      every check, then every test, in random order (ARGS="-k outbox" narrows the tests)
.PHONY: test
test: check
	@echo "==> tests"
	@$(PY) -m pytest -n $(JOBS) $(ARGS)

## crash     kill the embedded process a thousand times, at random, and look what is left (KILLS=100 for fewer)
.PHONY: crash
crash: .venv/.dev .venv/.project
	@SECONDSOURCE_KILLS=$(KILLS) $(PY) -m pytest -n $(JOBS) tests/runtimes/test_crash.py $(ARGS)

KILLS ?= 1000

## fuzz      read spoilt answers with every connector, for long (ARGS="--seed 2 --turns 10000 --only statuspage")
.PHONY: fuzz
fuzz: .venv/.dev .venv/.project
	@$(PY) -m tests.support.fuzz --jobs $(JOBS) $(ARGS)

## check     format, lint, types, layers; the generated files are checked by the tests in tests/meta
.PHONY: check
check: .venv/.dev .venv/.project
	@echo "==> format: ruff format --check"
	@$(PY) -m ruff format --check --quiet --output-format concise . || { echo "some files are not formatted: run make fmt" >&2; exit 1; }
	@echo "==> lint: ruff check"
	@$(PY) -m ruff check --quiet --output-format concise .
	@echo "==> types: mypy --strict"
	@$(PY) -m mypy --no-error-summary
	@echo "==> layers: lint-imports"
	@$(PY) .venv/bin/lint-imports --no-logo > .venv/layers.log 2>&1 || { cat .venv/layers.log >&2; exit 1; }
	@echo "==> the repository itself: pytest tests/meta"
	@$(PY) -m pytest -q -p no:randomly tests/meta

## fmt       format the code and mend what ruff can mend
.PHONY: fmt
fmt: .venv/.dev
	@$(PY) -m ruff check --quiet --fix-only .
	@$(PY) -m ruff format .

## pictures  make the README's pictures again, from the demo (needs chromium)
.PHONY: pictures
pictures: .venv/.dev .venv/.project
	@$(PY) docs/pictures.py

## generate  write the generated files again
.PHONY: generate
generate: .venv/.dev .venv/.project
	@$(PY) -m secondsource.plans.schema runbooks/schema.json
	@$(PY) -m secondsource.adapters.reference .

## bench     measure against the performance budget, ceilings in the same run
.PHONY: bench
bench: .venv/.dev .venv/.project
	@$(PY) -m benchmarks $(ARGS)
	$(if $(ARGS),,@$(PY) -m benchmarks.collector)

## quality   write docs/detection-quality.md again from the recorded corpus (SECONDSOURCE_CORPUS says where that is)
.PHONY: quality
quality: .venv/.dev .venv/.project
	@$(PY) -m benchmarks.quality docs/detection-quality.md

## lock      resolve the dependencies again into requirements/ (UPGRADE=1 takes newer versions)
.PHONY: lock
lock: .venv/.dev
	@$(LOCK) --extra build pyproject.toml -o requirements/run.txt
	@$(LOCK) --extra build --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt

LOCK = $(PY) -m uv --quiet pip compile --universal --python-version 3.11 --generate-hashes $(if $(UPGRADE),--upgrade) \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

## clean     remove .venv, caches and built files; recorded data in .secondsource stays
.PHONY: clean
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

## help      this list
.PHONY: help
help:
	@sed -n 's/^## /  make /p' Makefile

# --- Set-up, once: the stamps say what .venv holds.

.venv/.made:
	@for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { bare=$$python; continue; }; \
		echo "==> making .venv with $$("$$python" --version)"; \
		"$$python" -m venv --clear .venv && touch $@ && exit 0 || exit 1; \
	done; \
	if [ -n "$$bare" ]; then \
		echo "$$bare cannot make virtual environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv)." >&2; \
	else \
		echo "Second Source needs Python 3.11 or newer, and none was found: install it, or name it with make PYTHON=/path/to/python3." >&2; \
	fi; exit 1

.venv/.run: requirements/run.txt .venv/.made
	@echo "==> installing $$(grep -c == $<) locked packages from $<"
	@$(PIP) install --require-hashes -r $<
	@touch $@

.venv/.dev: requirements/dev.txt requirements/run.txt .venv/.made
	@echo "==> installing $$(grep -c == $<) locked packages from $<"
	@$(PIP) install --require-hashes -r $<
	@touch $@ .venv/.run

.venv/.project: pyproject.toml | .venv/.run
	@$(PIP) install --no-deps --no-build-isolation -e .
	@printf '%s\n' '$(CURDIR)' > $@
