# `make demo` and `make test` are all that a fresh machine needs: Python >= 3.11, make, a C compiler, a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
EXTENSIONS := $(shell find src -name '*.pyx' -o -name '*.px[di]' -o -name '*.h')

# Here a broken extension is an error; users may fall back to the readable twins.
export MESHEGRESS_REQUIRE_EXT = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint pure plain asan twins properties conformance bench recipes gate fuzz docs build clean

help:  ## what there is to make
	@sed -n 's/^\([a-z]*\):.*  ## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

demo: $(VENV)/.built  ## the story of an egress policy, on real resources
	@$(BIN)/python examples/quickstart/demo.py
	@echo
	@$(BIN)/python examples/egress-gateway/demo.py

test: $(VENV)/.built  ## the tests, on the compiled twins
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q

lint: $(VENV)/.built  ## ruff, mypy, the rules of the architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS) -q tests/architecture

pure: $(VENV)/.built  ## the tests, on the readable twins
	env -u MESHEGRESS_REQUIRE_EXT MESHEGRESS_PURE=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q

plain: $(VENV)/.built  ## the tests of matching, columns and logs, on compiled twins for machines that can do less
	for lanes in plain narrow wide; do \
	  MESHEGRESS_LANES=$$lanes $(BIN)/python setup.py -q build --force --build-lib build/$$lanes --build-temp build/$$lanes/objects && \
	  PYTHONPATH=build/$$lanes $(BIN)/python -m pytest -q tests/test_match_*.py tests/walk/test_columns_twins.py \
	    tests/accesslog/test_twins.py tests/accesslog/test_*columns.py || exit 1; \
	done

asan: $(VENV)/.built  ## the tests, under the address and undefined-behaviour sanitizers
	tools/asan build/asan

twins: $(VENV)/.built  ## ten million questions, put to both twins of everything
	PYTHONPATH=tests $(BIN)/python -m fuzz.twins --cases 10000000

properties: $(VENV)/.built  ## the properties, 10,000 examples each
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -q -m hypothesis --hypothesis-profile=long

conformance: $(VENV)/.built  ## every recorded answer of Istio and Envoy that the tests carry
	$(BIN)/python -m meshegress conformance tests/data/decisions.jsonl.xz tests/data/validation.jsonl.xz \
	  tests/data/accesslog.jsonl.xz tests/data/accesslog-drawn.jsonl.xz

bench: $(VENV)/.bench  ## the goals of speed, beside their peers
	$(BIN)/python -m pytest -q benchmarks --benchmark-only
	$(BIN)/python -m benchmarks

recipes: $(VENV)/.recipes  ## decide tables with Polars, DuckDB and PySpark (which needs Java)
	for recipe in examples/batches/with_*.py; do echo "$$recipe" && $(BIN)/python "$$recipe" || exit 1; done

gate: $(VENV)/.built  ## the instructions of a lookup, against those on record
	$(BIN)/python -m benchmarks.gate

fuzz: $(VENV)/.fuzz  ## hosts, patterns, resources, formats and lines that nobody would write, a minute each
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds 60

docs: $(VENV)/.docs  ## the pages, in docs/_build/html
	$(BIN)/python -m sphinx -q -W -b html docs docs/_build/html

build: $(VENV)/.built  ## sdist, the wheel made from it, and the tests on that wheel
	rm -rf dist build/wheel
	$(BIN)/python -m build --no-isolation
	$(BIN)/python tests/architecture/wheel.py dist
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip install -q -c constraints.txt pip
	build/wheel/bin/python -m pip install -q -c constraints.txt dist/*.whl --group test
	build/wheel/bin/python -m pytest -n $(JOBS) -q tests

clean:  ## remove what builds and tools leave behind
	rm -rf build dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks src/*.egg-info
	find src \( -name '*.so' -o -name '*.pyd' -o -name __pycache__ \) -prune -exec rm -rf {} +

# The set-up: made once, made again only when what it was made of has changed.

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "meshegress needs Python 3.11 or newer as '$(PYTHON)': install one, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "'$(PYTHON)' lacks the venv module: install it (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@command -v "$${CC:-cc}" >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || \
	  { echo "no C compiler: install one (Debian, Ubuntu: apt install build-essential; macOS: xcode-select --install)" >&2; exit 1; }
	@echo "setting up $(VENV) (once)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q -c constraints.txt pip
	@$(BIN)/python -m pip install -q -c constraints.txt --group dev
	@$(BIN)/python -m pip install -q -c constraints.txt --no-build-isolation -e .
	@touch $(VENV)/.fresh $@

$(VENV)/.built: $(VENV)/.installed setup.py $(EXTENSIONS)
	@test -e $(VENV)/.fresh || $(BIN)/python setup.py -q build_ext --inplace
	@rm -f $(VENV)/.fresh; touch $@

$(VENV)/.docs: $(VENV)/.built
	@$(BIN)/python -m pip install -q -c constraints.txt --group docs
	@touch $@

$(VENV)/.fuzz: $(VENV)/.built
	@$(BIN)/python -m pip install -q -c constraints.txt --group fuzz || \
	  echo "atheris cannot be installed here: inputs are drawn at random" >&2
	@touch $@

$(VENV)/.recipes: $(VENV)/.built
	@$(BIN)/python -m pip install -q -c constraints.txt --group recipes
	@touch $@

$(VENV)/.bench: $(VENV)/.built
	@$(BIN)/python -m pip install -q -c constraints.txt --group bench
	@touch $@
