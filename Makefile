# make demo   set everything up and run the whole pipeline on the sample workspace
# make ui     open Dagster on the same workspace
# make test   set everything up and pass the tests
# make long   the tests of what is large, all hostile files in one folder, ten thousand histories of customers, the demo again
# make faults kill runs at every named write point and at 60 random moments; three quarters of an hour
# make setup  set everything up, and nothing else
# make lock   refresh requirements.lock from pyproject.toml
# make schema refresh contract.schema.json from the contract's model

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# Bytecode is kept, whatever the environment says: dozens of processes import the same.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo ui test lint types unit long faults setup lock schema clean-data

demo: $(READY)
	@$(BIN)/cdp demo --workspace data

ui: $(READY) data/shop.db
	@$(BIN)/cdp ui --workspace data

# The sample's shop is a database; it is made from its committed seed.
data/shop.db: $(READY)
	@test -e $@ || $(BIN)/python -c 'from pathlib import Path; from cdp_assets.evaluation.world import build_shop_database; build_shop_database(Path("data"))'

# Types are checked while the tests run: that takes one processor half a minute, in which the other had nothing to do.
test: $(READY)
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j 2 types unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

# Three at once on two processors: a fifth of the time a test waits for a process that it has started, or for the disk.
unit: $(READY)
	$(BIN)/python -m pytest -q -n 3 --dist loadgroup --no-loadscope-reorder -m "not long"

# The largest files, a disk that is full to the last byte, every hostile file at once in one landing folder; ten thousand
# histories of customers through erasures and all, and that wrong code is found by them; sixty sequences of imports with and without
# records taken again, of which `make unit` has four; twenty of changes to pairs, of which it has two; the sample's demo once more.
long: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder -m long

# `make unit` kills runs eleven times, at six named points and at five random moments, and lets three have ten files at once; this kills
# at every named write point and at sixty random moments, and gives the three twenty files.
faults: $(READY)
	CDP_FAULTS=all $(BIN)/python -m pytest -q -n 2 --dist loadgroup --no-loadscope-reorder -m faults

setup: $(READY)

# Everything at the versions and hashes of the lock; then the project itself, which adds nothing to them.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed; name one with make PYTHON=python3.12 …")'
	@echo "Setting up $(VENV) (a few minutes the first time) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# uv writes the lock for every supported Python and platform, with hashes and without any index's address.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate --no-strip-extras -o requirements.lock

schema: $(READY)
	$(BIN)/python -c 'import json; from cdp_assets.sources.contracts import json_schema; print(json.dumps(json_schema(), indent=2, ensure_ascii=False))' > contract.schema.json

# Forget everything that runs have made in the sample workspace; sources and policies stay.
clean-data:
	rm -rf data/lake data/dagster data/exports data/ledger.db* data/published.db* data/shop.db* data/landing/shop
