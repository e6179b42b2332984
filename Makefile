# Python 3.11+ and make are all that is needed beforehand; everything else is installed into .venv.
.POSIX:
.PHONY: help run test check format lint types layers templates migrations production installed
.PHONY: check-schema schema bench evaluate lock clean

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done || true)
FIXCI = $(or $(PYTHON),python3) -m sandbox.run
TOOL = $(FIXCI) tool
SERVED = $(FIXCI) served
# What pytest gets: make test ARGS="tests/engine -k redaction"
ARGS ?=

help:
	@echo "make run        dashboard, worker, beat and a stand-in GitHub on http://127.0.0.1:8000 (PORT=, GITHUB_PORT=)"
	@echo "make test       the test suite on a real PostgreSQL and a real Valkey (ARGS=\"-k name\")"
	@echo "make check      format, lint, types, layers, templates, migrations, production: each is a target too"
	@echo "make check-schema  does the snapshot of dj-stripe's tables equal its real migrations? (about a minute)"
	@echo "make schema     make that snapshot again, after an upgrade of dj-stripe"
	@echo "make bench      webhook acknowledgement and engine speed, each beside its limit"
	@echo "make evaluate CORPUS=folder   the engine against a corpus of logs with known causes"
	@echo "make lock       resolve both lock files from pyproject.toml (ARGS=--upgrade for newer releases)"
	@echo "make clean      remove .venv, the databases under .run and all caches"

run:
	@exec $(FIXCI) dev

test:
	@exec $(TOOL) pytest $(or $(ARGS),--numprocesses 2 --dist worksteal)

# Nothing of it is a secret: the check looks at the settings.
PRODUCTION = DJANGO_SETTINGS_MODULE=config.settings.production PUBLIC_URL=https://fixci.example \
	ALLOWED_HOSTS=fixci.example SALT_KEY=for-this-check-only \
	SECRET_KEY=0123456789-abcdefghijklmnopqrstuvwxyz-for-this-check-only

check: format lint types layers templates migrations production

format:
	@$(TOOL) ruff format --check --quiet .

lint:
	@$(TOOL) ruff check --quiet .

types:
	@$(TOOL) mypy .

layers: installed
	@.venv/bin/lint-imports

templates: installed
	@.venv/bin/djade --check --target-version 5.2 $$(find templates -name '*.html')

migrations:
	@$(SERVED) django makemigrations --check --dry-run --settings config.settings.test

production:
	@$(PRODUCTION) $(SERVED) django check --deploy --fail-level WARNING

# For programs that are no Python modules.
installed:
	@$(TOOL) pip --version >/dev/null

check-schema:
	@$(SERVED) django djstripe_schema --check --settings config.settings.test

schema:
	@$(SERVED) django djstripe_schema --write --settings config.settings.test

bench:
	@$(SERVED) tests.bench.engine
	@$(SERVED) tests.bench.webhook

evaluate:
	@test -n "$(CORPUS)" || { echo "make evaluate CORPUS=folder"; exit 2; }
	@$(TOOL) tests.bench.evaluate "$(CORPUS)"

# uv comes into an environment of its own: the locks must not depend on what is installed here.
UV = .run/uv/bin/uv pip compile pyproject.toml
UV_OPTIONS = --universal --generate-hashes --python-version 3.11 -q $(ARGS)

lock:
	mkdir -p .run
	test -x .run/uv/bin/uv || { $(PYTHON) -m venv .run/uv && .run/uv/bin/pip install -qq uv; }
	$(UV) $(UV_OPTIONS) -o requirements.lock
	$(UV) --group dev -c requirements.lock $(UV_OPTIONS) -o requirements-dev.lock

clean:
	@test ! -e .venv || $(FIXCI) stop
	rm -rf .venv .run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
