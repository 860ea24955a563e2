PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
BI := .venv-bi
BI_INSTALLED := $(BI)/.installed
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: install demo test test-bi check dev bench fuzz kills services lock clean

install: $(INSTALLED)

demo: $(INSTALLED)
	$(BIN)/muster demo

test: $(INSTALLED)
	$(BIN)/python -m pytest

# Others on the published marts: Superset's charts, MetricFlow's metrics, lifelines' survival. Python 3.11 or 3.12.
test-bi: $(INSTALLED) $(BI_INSTALLED)
	$(BIN)/python -m pytest -n 0 tests/bi

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

# Generated worlds on DuckDB against the evaluator, more of them than in the tests; an hour on two cores.
fuzz: $(INSTALLED)
	MUSTER_FUZZ_EXAMPLES=100000 $(BIN)/python -m pytest tests/reference/test_differential.py

# Pushes killed at more points than in the tests, at all destinations; half an hour on two cores.
kills: $(INSTALLED)
	MUSTER_KILLS=150 $(BIN)/python -m pytest tests/audiences/test_killed.py tests/audiences/test_killed_apis.py \
	  tests/audiences/test_killed_lists.py tests/audiences/test_sftp.py tests/audiences/test_s3.py

# From Debian's packages, where they are missing: PostgreSQL, OpenSSH, Ceph's S3 gateway (280 MB), and Chromium. The tests
# start their own on loopback and stop them; what Debian itself starts with a package, such as OpenSSH, is not touched.
services:
	@wanted=; \
	  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || wanted="$$wanted postgresql"; \
	  PATH="$$PATH:/usr/sbin"; \
	  command -v sshd >/dev/null && command -v ssh-keygen >/dev/null || wanted="$$wanted openssh-server openssh-client"; \
	  command -v radosgw >/dev/null && command -v ceph-mon >/dev/null && command -v ceph-osd >/dev/null || \
	    wanted="$$wanted radosgw ceph-mon ceph-osd ceph-common"; \
	  command -v chromium >/dev/null || wanted="$$wanted chromium"; \
	  [ -z "$$wanted" ] || \
	  { $(AS_ROOT) apt-get update -qq && $(AS_ROOT) apt-get install -qq -y --no-install-recommends $$wanted; }

# Needs uv on the PATH; the files it writes name no package registry.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/requirements.in -o requirements/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-deps requirements/data.in -o requirements/data.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/bi.in -o requirements/bi.txt

$(INSTALLED): requirements/requirements.txt requirements/data.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/data.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(BI_INSTALLED): requirements/bi.txt
	$(PYTHON) -m venv $(BI)
	$(BI)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/bi.txt
	touch $@

clean:
	rm -rf .venv $(BI) .muster dbt_project/target dbt_project/logs
