# Every command of the house. `make` alone lists them.
#
# VENV=path uses another environment. One reached through a symbolic link belongs to somebody else and is used as it is.
# PYTHON=path uses another interpreter. The distribution's own comes first: it is built with profile-guided optimization,
# as one that a version manager compiled seldom is, and answers a third more leads for it (docs/benchmarks.md).

VENV   ?= .venv
PYTHON ?= $(shell for one in /usr/bin/python3.11 python3.11 python3; do \
          "$$one" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && \
          command -v "$$one" && break; done)
BIN    := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
TESTS  ?= tests
FUZZ_EXAMPLES ?= 100
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

# What a production installation sets; values are samples that open nothing.
PRODUCTION := DATABASE_URL= REDIS_URL=redis://localhost:6379/0 PUBLIC_URL=https://leads.example.com \
              ALLOWED_HOSTS=leads.example.com TRUSTED_PROXIES=10.0.0.0/8 \
              SECRET_KEY=only-a-sample-of-fifty-characters-or-more-for-the-checks \
              SEALING_KEYS=sample:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=

openapi = $(MANAGE) spectacular --validate --fail-on-warn --format openapi-json --file $(1)

# A shell that forbids Python to keep what it compiled would have every process of the house compile 1,800 modules anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run web worker beat test check fmt chaos fuzz bench bench-pings lock openapi environment environment-dev

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: environment ## run everything on this machine, with demo data: web, worker, scheduler and their broker
	@exec $(MANAGE) up

web: environment ## production: the web server alone, on PORT with WEB_WORKERS processes
	@exec $(MANAGE) serve web

worker: environment ## production: the worker alone
	@exec $(MANAGE) serve worker

beat: environment ## production: the scheduler alone
	@exec $(MANAGE) serve beat

test: environment-dev ## run the tests on SQLite, then on PostgreSQL (TESTS=tests/leads for a part)
	DB=sqlite $(BIN)/python -m pytest -q -n 2 $(TESTS)
	DB=postgres $(BIN)/python -m pytest -q -n 2 $(TESTS)

check: environment-dev ## everything that must hold before a change lands
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run
	$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING
	$(call openapi,$(VENV)/openapi.json) && diff -u docs/openapi.json $(VENV)/openapi.json
	$(MAKE) test

openapi: environment-dev ## write docs/openapi.json, the description of the API
	$(call openapi,docs/openapi.json)

fmt: environment-dev ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

chaos: environment-dev ## kill web and worker over and over while 2,000 leads are posted, on SQLite, then on PostgreSQL
	LEADS=2000 DB=sqlite $(BIN)/python -m pytest -q -s tests/chaos
	LEADS=2000 DB=postgres $(BIN)/python -m pytest -q -s tests/chaos

fuzz: environment-dev ## ask the real server thousands of random questions, on SQLite, then on PostgreSQL (FUZZ_EXAMPLES=100)
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) DB=sqlite $(BIN)/python -m pytest -q tests/fuzz
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) DB=postgres $(BIN)/python -m pytest -q tests/fuzz

bench: environment-dev ## measure leads per second beside the database's own limit
	$(BIN)/python -m bench

bench-pings: environment-dev ## measure auctions beside a bare client that asks the same buyers
	$(BIN)/python -m bench.pings

lock: environment-dev ## write requirements.lock and requirements-dev.lock anew
	$(LOCK) requirements.txt --output-file requirements.lock
	$(LOCK) requirements-dev.txt --output-file requirements-dev.lock

# $(call install,LOCK): have the environment hold what LOCK says; a copy of LOCK inside it tells whether it does.
define install
@test -L $(VENV) || cmp -s $(1) $(VENV)/$(1) || { \
	echo "Installing what $(1) lists into $(VENV): a minute or so, until the lock changes." >&2; \
	test -x $(BIN)/python || $(or $(PYTHON),false) -m venv $(VENV) || { echo "Install Python 3.11 with its venv module (Debian: python3-venv)." >&2; exit 1; }; \
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes --requirement $(1) && cp $(1) $(VENV)/$(1); }
endef

environment:
	$(call install,requirements.lock)

environment-dev:
	$(call install,requirements-dev.lock)
