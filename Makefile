# Every target sets up what it needs from Python 3.11 or newer and a package registry.
# Another Python: make test PYTHON=python3.12

PYTHON ?= python3
BESIDE ?= 3
BIN := .venv/bin
INSTALL := -m pip --disable-pip-version-check install --quiet
READY := .venv/.ready

# Tests run beside each other, each process with servers of its own; BESIDE=0 is one process.
# Many of them wait for servers: three processes keep two cores busy. A test that has not ended after
# so many seconds fails and shows where it stands; its process is ended, since it may hang in C.
LONGEST ?= 900
PYTEST = $(BIN)/pytest --numprocesses $(BESIDE) --dist worksteal \
    -o faulthandler_timeout=$(LONGEST) -o faulthandler_exit_on_timeout=true

# How long the proof is: pairs against the oracle, as many splits of histories that are merged, and
# the seed they are drawn from; what the tests that draw draw (a half, a fifth, a twentieth of this
# number, as each says); workers killed live; events of one customer under all shipped rules.
PAIRS ?= 100000
SEED ?= 1
DRAWN ?= 3000
KILLS ?= 40
BOT ?= 1000000
# Files of tests that the proof leaves out.
LEAVES_OUT ?=

.DEFAULT_GOAL := help
.PHONY: help .venv demo servers sdks system-packages test check lint types format lock bench proof site clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## simulated shoppers, segment changes as they happen, a live page; until Ctrl-C
	$(BIN)/streamer demo --serve

servers: $(READY) ## a real Kafka and a real Redis on this machine, until Ctrl-C
	@$(BIN)/python -m tests.servers.get
	@$(BIN)/python -m tests.servers

test: $(READY) ## what protects a change; gets Kafka and Redis for it
	@$(BIN)/python -m tests.servers.get
	$(PYTEST)

system-packages: $(READY) ## Redis, Java and Prometheus for make servers and make test from apt-get, as root
	@$(BIN)/python -m tests.servers.get --system-packages

sdks: $(READY) ## collector, webhooks and the page with every client; gets Node's packages and a browser
	@$(BIN)/python -m tests.servers.get
	@$(BIN)/python -m tests.collect.get
	$(BIN)/pytest -m sdks tests/collect tests/webhooks tests/examples tests/serve

check: lint types test ## everything a change must pass

lint: $(READY) ## formatting and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY) ## strict types
	$(BIN)/mypy

format: $(READY) ## format the code, apply safe lint fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## CPU per event, beside a bare loop: compiled as `pip install .` does, then plain
	$(BIN)/python $(INSTALL) --no-deps --no-build-isolation --upgrade --target build/compiled .
	PYTHONSAFEPATH=1 PYTHONPATH=build/compiled $(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/engine.py

proof: LONGEST := 14400
proof: $(READY) ## what takes long: wrong builds, compiled wheels, long seeds, soak
	@$(BIN)/python -m tests.servers.get
	STREAMER_PROOF_PAIRS=$(DRAWN) STREAMER_KILLS=$(KILLS) STREAMER_BOT_EVENTS=$(BOT) \
	    $(PYTEST) -m "proof or longer" $(LEAVES_OUT:%=--ignore=%)
	$(BIN)/python -m tests.cases $(PAIRS) $(SEED)
	$(BIN)/python -m tests.merges $(PAIRS) $(SEED)

site: $(READY) ## the documents as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean: ## remove everything that make has made
	rm -rf .venv .lock .servers build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is newer than the lock when the environment holds what the lock says.
.venv: $(READY)
$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Streamer needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'
	@echo "This takes a minute: it installs what Streamer needs into .venv"
	$(PYTHON) -m venv .venv
	$(BIN)/python $(INSTALL) --require-hashes -r requirements/dev.txt
	$(BIN)/python $(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

# The locks hold for every platform. The tool that writes them has an environment of its own,
# because it must run when a lock is broken.
UV_VERSION := 0.13.9
RESOLVE := .lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
COMPILE := $(RESOLVE) pyproject.toml
UPGRADE := --upgrade
lock: ## resolve the dependencies again and write requirements/*.txt; UPGRADE= keeps what fits
	@$(PYTHON) -m venv .lock
	@.lock/bin/python $(INSTALL) uv==$(UV_VERSION)
	$(COMPILE) $(UPGRADE) -o requirements/runtime.txt
	$(COMPILE) $(UPGRADE) --all-extras -c requirements/runtime.txt -o requirements/extras.txt
	$(COMPILE) $(UPGRADE) --group dev --group docs -c requirements/extras.txt -o requirements/dev.txt
	$(RESOLVE) $(UPGRADE) --group build -c requirements/dev.txt -o requirements/build.txt
	$(RESOLVE) $(UPGRADE) --group servers -o requirements/servers.txt
	$(RESOLVE) $(UPGRADE) --group sdks -o requirements/sdks.txt
