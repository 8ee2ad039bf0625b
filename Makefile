# make demo | test | bench | docs | lock | clean. Everything happens in $(VENV); running a target again is cheap.
VENV ?= .venv
PYTHON ?= python3
EXTRAS ?= dev,plots,train
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo test lint types layers tests bench docs lock clean sound
.DELETE_ON_ERROR:

demo: $(READY) sound
	$(BIN)/python tools/demo.py demo

test: lint types layers tests

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

tests: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile -q

bench: $(READY)
	$(BIN)/python -m tests.benchmarks.measures
	$(BIN)/python -m tests.benchmarks.render_speed
	$(BIN)/python -m tests.benchmarks.start_up

# The page of commands is written from the commands themselves.
docs: $(READY)
	$(BIN)/python tools/cli_reference.py docs/reference/cli.md

lock: $(READY)
	tools/lock $(BIN)/python > constraints.txt.new && mv constraints.txt.new constraints.txt

sound:
	@tools/setup sound

# Stamped with the time of the install; the prerequisites say what makes it stale.
$(READY): pyproject.toml constraints.txt tools/setup
	@tools/setup python "$(PYTHON)" "$(VENV)" "$(EXTRAS)"
	@touch $@

clean:
	rm -rf demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find composer tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
