# Two commands: `make demo` and `make test`. Each makes a virtual environment of its own first.

VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin

.PHONY: help demo test test-unit lowest check format clean

help:  ## Say what each command does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: $(VENV)/.installed  ## Install, then evaluate the made city: report and map in maps/demo
	$(BIN)/geoharm run pipelines/demo.toml --data data/sample --out maps/demo

test: $(VENV)/.installed-test  ## Install, then run every test, with lint and type checks among them
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-unit: $(VENV)/.installed-test  ## The quick tests: no browser, no whole study, no real data
	$(BIN)/python -m pytest tests -n 2 -m "not (slow or browser or real)"

lowest:  ## The quick tests on the lowest versions that pyproject.toml allows, in an environment of its own
	$(PYTHON) -m venv --clear $(VENV)-lowest
	$(PYTHON) -m tests.lowest_versions > $(VENV)-lowest/lowest.txt
	$(VENV)-lowest/bin/python -m pip install --quiet --requirement $(VENV)-lowest/lowest.txt
	$(VENV)-lowest/bin/python -m pip install --quiet --no-deps --editable .
	$(VENV)-lowest/bin/python -m pytest tests -n 2 -m "not (slow or browser or real)"

check: $(VENV)/.installed-test  ## Lint, types, floors and spelling alone
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	$(BIN)/codespell geoharm docs README.md CONTRIBUTING.md ARCHITECTURE.md SECURITY.md

format: $(VENV)/.installed-test  ## Format the code
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean:  ## Remove the environment and what the demo made
	rm -rf $(VENV) $(VENV)-lowest data/demo.duckdb

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-test: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@ $(VENV)/.installed
