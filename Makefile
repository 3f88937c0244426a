# Everything a person runs here. Needs Python 3.11 or newer and make; the rest is built into .venv/.

PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
VENV ?= .venv
RUN := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo tour test flows lint format browser pictures bench chaos lock env dev-env

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Recado needs Python 3.11 or newer; set PYTHON=/path/to/it."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime

env: $(VENV)/.runtime ## build .venv with what running needs
dev-env: $(VENV)/.dev ## build .venv with what testing needs

demo: env ## run everything with a demo company (PORT= SANDBOX_PORT= VAR_DIR= RESET=1)
	@exec $(RUN) manage.py up --demo

tour: env ## play the stories against the running demo (ARGS="--story 2")
	@exec $(RUN) manage.py tour $(ARGS)

test: dev-env ## the fast tests (ARGS="-k words"); DATABASE_URL and REDIS_URL choose other servers
	$(RUN) -m pytest $(ARGS)

flows: dev-env ## the stories, against a whole stack started for them
	$(RUN) -m pytest -m flows tests/flows $(ARGS)

lint: dev-env ## style, types, layers, migrations, catalogues, templates
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	DJANGO_SETTINGS_MODULE=tests.settings $(RUN) manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=apps.sandbox.settings $(RUN) -m django makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=tests.settings $(RUN) manage.py check --fail-level WARNING
	$(RUN) -m pytest -q tests/architecture/test_catalogues.py

format: dev-env ## let ruff put the code in order
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

browser: dev-env ## pages in a real Chromium: HR's first day, every list, what shuts people out (SCREENSHOTS=folder)
	$(RUN) -m pytest -m browser $(ARGS)

pictures: dev-env ## take docs/images/home-<role>-<language>.png anew (SCREENSHOTS=folder)
	SCREENSHOTS=$(or $(SCREENSHOTS),docs/images) $(RUN) -m pytest -m pictures tests/browser/test_pictures.py $(ARGS)

chaos: dev-env ## break everything while messages leave, and count (CHAOS_MESSAGES=10000 CHAOS_KILLS=50 CHAOS_INCIDENTS=500 CHAOS_PEOPLE=100000)
	$(RUN) -m pytest -m chaos tests/chaos -s $(ARGS)

bench: dev-env ## measure what is promised, against what others do (ARGS="--small --only door --write")
	$(RUN) -m tests.bench $(ARGS)

lock: ## compile requirements/*.in into pinned, hashed files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements/runtime.in -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements/dev.in -o requirements-dev.txt

.PHONY: messages
messages: dev-env ## bring the translation catalogues in line with the source (docs/translating.md)
	DJANGO_SETTINGS_MODULE=tests.settings $(RUN) manage.py catalogues $(ARGS)
