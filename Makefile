PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test check dev bench lock clean

demo: $(INSTALLED)
	$(BIN)/muster demo

test: $(INSTALLED)
	$(BIN)/python -m pytest

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/muster check
	$(BIN)/muster compile --check
	$(BIN)/muster schema --check

dev: $(INSTALLED)
	$(BIN)/muster dev

bench: $(INSTALLED)
	$(BIN)/python -m tests.bench

# Needs uv on the PATH; the files it writes name no package registry.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/requirements.in -o requirements/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-deps requirements/data.in -o requirements/data.txt

$(INSTALLED): requirements/requirements.txt requirements/data.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/data.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv .muster dbt_project/target dbt_project/logs
