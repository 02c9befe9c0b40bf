.DEFAULT_GOAL := help
.PHONY: help install run test fuzz worlds mutants check bench bench-million screenshots format lock wheel clean
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Commands that tests start would compile a thousand modules each time where the environment forbids to keep what was compiled.
export PYTHONDONTWRITEBYTECODE :=

help:  ## Show what make can do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 15

.venv/.run: requirements/run.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Dovetail needs Python 3.11 or later; name one with: make PYTHON=python3.12")'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.bench: .venv/.run requirements/bench.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

.venv/.npm: .venv/.dev tests/typescript/package-lock.json
	cd tests/typescript && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --silent
	@touch $@

install: .venv/.dev .venv/.npm  ## Make .venv with everything a developer needs

run: .venv/.run  ## Make .venv, then a demo site on http://127.0.0.1:8000 (PORT=8001 for another)
	$(BIN)/python manage.py quickstart --port $(PORT)

test: .venv/.dev .venv/.npm  ## Run every test, on SQLite and on a real PostgreSQL
	$(BIN)/python -m pytest

fuzz: .venv/.dev  ## Let schemathesis look for requests that break the API's document
	$(BIN)/python -m tests.contract.fuzz $(FUZZ)

worlds: .venv/.dev  ## Compare the doors with what random rules say in plain words, in many worlds (WORLDS=1000)
	WORLDS=$(or $(WORLDS),1000) $(BIN)/python -m pytest tests/contract/worlds

mutants: .venv/.dev  ## Break the code that lets people in, in small ways, for hours, and see that tests fail (MUTANTS="--help")
	$(BIN)/python -m tests.mutants.run $(MUTANTS)

check: .venv/.dev  ## Lint, format, types, the count of Any, and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tools.count_any
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py check

bench: .venv/.dev .venv/.bench  ## Measure against what you would use instead, 25 minutes on a quiet machine (BENCH="--rounds 1")
	$(BIN)/python -m benchmarks.migrations
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.accounts.enumeration
	$(BIN)/python -m benchmarks.accounts.logins
	$(BIN)/python -m benchmarks.accounts.tokens
	$(BIN)/python -m benchmarks.run $(BENCH)
	$(BIN)/python -m benchmarks.million.run --posts 50000 --database postgresql --output var/benchmark-back-office.json
	$(BIN)/python -m benchmarks.report

bench-million: .venv/.dev .venv/.bench  ## Measure a million posts beside Django's admin, an hour on a quiet machine
	$(BIN)/python -m benchmarks.million.run $(BENCH)
	$(BIN)/python -m benchmarks.million.report

screenshots: .venv/.dev  ## Photograph every page of the back office into var/screenshots, in three widths and two themes
	$(BIN)/python -m tools.screenshots $(SCREENSHOTS)

wheel: .venv/.dev  ## Build the framework's wheel into dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps --wheel-dir dist .

format: .venv/.dev  ## Let ruff tidy the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.dev  ## Compile requirements/*.txt from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --extra dev -c requirements/run.txt pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --extra bench -c requirements/dev.txt pyproject.toml -o requirements/bench.txt

clean:  ## Remove the virtual environment and caches, never var/
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache tests/typescript/node_modules
