# Needs python3 (3.11 or later) and make; the rest is installed into .venv from the locks, by hash.
PYTHON ?= python3
BIN := .venv/bin
DEMO ?=
PYTEST ?= -n 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
# Types are checked while the first tests run.
MAKEFLAGS += --jobs=2

.PHONY: help demo test suite lint bench venv lock servers clean

help:
	@echo 'make demo    migrate a small association on this machine, from the plan to the proof (DEMO="--keep")'
	@echo 'make test    lint and every test; installs the servers they need when it may'
	@echo 'make lint    types, style, and the walls between the rooms'
	@echo 'make bench   items per second, memory, and the limit that binds'
	@echo 'make venv    .venv alone        make lock    both locks anew'

demo: venv
	$(BIN)/transhume demo $(DEMO)

test: lint suite

suite: servers .venv/judges
	$(BIN)/pytest $(PYTEST)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: venv
	@set -e; for file in tests/benchmarks/bench_*.py; do \
		echo "== $$file"; $(BIN)/python -m "tests.benchmarks.$$(basename $$file .py)"; done

venv: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed: make PYTHON=python3.12 …' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/apt python3-venv
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Other people's clients that read our stand-ins: 400 MB, so for the tests alone.
.venv/judges: requirements-judges.lock .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement requirements-judges.lock
	@touch $@

# The programs that judge the result, which we did not write. CI must have them; elsewhere their tests are skipped.
# After venv, which may install packages of the system itself.
servers: venv
	@PATH="$$PATH:/usr/sbin"; for program in dovecot rclone vdirsyncer mbsync chromium; do \
		command -v $$program >/dev/null || missing=1; done; \
	if [ -n "$$missing" ]; then .ci/apt dovecot-imapd rclone vdirsyncer isync chromium || [ -z "$$CI" ]; fi

# The lock holds hashes only: no index is named, so that any mirror serves.
lock:
	$(PYTHON) -m venv --clear build/lock
	build/lock/bin/pip install --quiet --disable-pip-version-check pip-tools
	build/lock/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--extra demo --extra dev --build-deps-for editable --output-file requirements.lock pyproject.toml
	build/lock/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint requirements.lock \
		--extra judges --output-file requirements-judges.lock pyproject.toml

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
