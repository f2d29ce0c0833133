# Everything a person needs: `make demo` to see it, `make test` to trust it. Both install what is missing.
PORT ?= 8600
DATA ?=
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Compiled modules are kept, whatever the shell says: without them every command starts two seconds later.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup demo test test-heavy check audit bench lock openapi web browser clean

setup: $(VENV)/.installed

# uv installs the locked, hashed dependencies; the package build (hatchling) builds the web front end.
$(VENV)/.installed: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Bluelamp needs Python 3.11 or newer (found %s). Install it, or set PYTHON=…" % sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip sync --quiet --require-hashes requirements-dev.lock
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	$(BIN)/bluelamp demo --port $(PORT) $(if $(DATA),--data "$(DATA)")

# Two at a time, each with a platform of its own.
test: setup browser
	$(BIN)/python -m pytest -m "not heavy" -n 2 --dist loadfile $(ARGS)

# Those that fill disks, kill engines, take a year of data or play a story through many screens. CI runs them too.
test-heavy: setup browser
	$(BIN)/python -m pytest -m heavy $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bluelamp.app.openapi --check openapi/openapi.json
	$(BIN)/python build_web.py npm run --silent check
	$(BIN)/python -m supply.sbom build/bluelamp.cdx.json

# Against advisories in OSV's format: a file, a folder or an https address. `make check` needs no network, so it does not ask.
audit: setup
	$(if $(ADVISORIES),,$(error Say where the advisories are: make audit ADVISORIES=https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip, or a file))
	$(BIN)/python -m supply.audit "$(ADVISORIES)"

bench: setup
	$(BIN)/python -m bench $(ARGS)

openapi: setup
	$(BIN)/python -m bluelamp.app.openapi openapi/openapi.json
	$(BIN)/python build_web.py npm run --silent client

web: setup
	$(BIN)/python build_web.py

# The browser journeys drive Debian's Chromium. As root on Debian it is installed; elsewhere the tests say what is missing.
browser:
	@command -v chromium >/dev/null || { if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; else echo "Chromium is not installed: the browser tests will be skipped. Install the package 'chromium' to run them."; fi; }

lock:
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --group dev pyproject.toml -o requirements-dev.lock --constraint requirements.lock
	echo "uv" | $(BIN)/uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-emit-find-links - -o requirements-uv.lock
	sed -i '/^#.*uv pip compile/d' requirements*.lock

clean:
	rm -rf $(VENV) src/bluelamp/app/web build dist
