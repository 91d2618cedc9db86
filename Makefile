# `make` alone says what there is. Every target sets up what it needs by itself, once, in .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-odoo lint types check bench fuzz docs lock clean

# Each run of the program would compile all of its modules again where this is set.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install -qq --require-hashes --only-binary :all:
INSTALL_PROJECT := $(PIP) install -qq --no-deps --no-build-isolation --editable .

# Stamps: what is in .venv. A demo after a test installs nothing, and a test after a demo only adds.
PYTHON_READY := $(VENV)/.python
RUNTIME_READY := $(VENV)/.runtime
DEV_READY := $(VENV)/.dev
FUZZ_READY := $(VENV)/.fuzz

RUNTIME_LOCKS := requirements/runtime.txt requirements/build.txt
# One more than there are processors: many tests wait for other programs.
PARALLEL ?= $(shell expr $$(nproc 2>/dev/null || echo 1) + 1)
SECONDS ?= 600
TESTS ?=

help: ## Show this list
	@echo 'Order receiver: takes web orders from Norce Commerce into an ERP.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo 'Needs Python 3.11 or newer; everything else goes into $(VENV), which is made on first use.'

demo: $(RUNTIME_READY) ## Orders from a simulated Norce into a demo ERP and back (KEEP=1 leaves it running)
	@$(BIN)/order-receiver demo $(if $(KEEP),--keep)

test: $(DEV_READY) ## Run all tests with branch coverage (TESTS=tests/unit runs a part, without coverage)
	@tools/debian-packages
	@$(BIN)/python -m pytest -n $(PARALLEL) --maxprocesses 8 --dist worksteal $(or $(TESTS),--cov)

test-odoo: $(DEV_READY) ## Run the tests on a real Odoo 14: root on Debian, 2 GB in .cache, 10 minutes
	@tools/debian-packages
	@tools/odoo14 .cache/odoo14
	@ORDER_RECEIVER_TEST_ODOO=1 $(BIN)/python -m pytest -n 0 -rP tests/odoo

lint: $(DEV_READY) ## Check style, format and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache --no-logo

types: $(DEV_READY) ## Check types with mypy, strictly
	@$(BIN)/mypy

check: lint types test ## Everything that must hold before a commit: lint, types, test

crash: $(DEV_READY) ## Kill and disturb the program on both stores, and count (ROUNDS=1000 SEED=n STORE=both)
	@tools/debian-packages
	@$(BIN)/python -m tests.crash --rounds $(or $(ROUNDS),1000) --store $(or $(STORE),both) $(if $(SEED),--seed $(SEED))

bench: $(DEV_READY) ## Measure orders a second beside the floor and the ceiling of this machine
	@tools/debian-packages
	@$(BIN)/python -m bench

fuzz: $(FUZZ_READY) ## Feed the parsers with anything at all for SECONDS=600; Linux on x86-64 only
	@$(BIN)/python -m fuzz --seconds $(SECONDS)

docs: $(DEV_READY) ## Renew the reference pages that are made from the code
	@$(BIN)/python tools/reference_pages.py

lock: $(PYTHON_READY) ## Renew the locked requirements (UPGRADE=1 takes newer versions)
	@tools/lock $(BIN)/python $(if $(UPGRADE),--upgrade)

clean: ## Remove .venv, caches and reports; data in var/ and demo/ stays
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .cache
	find bench fuzz src tests tools -name __pycache__ -prune -exec rm -rf {} +

$(PYTHON_READY):
	@if [ -e $(VENV) ] && ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo 'Making $(VENV) anew: its Python is gone.'; rm -rf $(VENV); fi
	@if [ ! -e $(VENV) ]; then python=$$(PYTHON='$(PYTHON)' tools/find-python) && "$$python" -m venv $(VENV); fi
	@touch $@

$(RUNTIME_READY): $(PYTHON_READY) $(RUNTIME_LOCKS) pyproject.toml
	@echo 'Installing what the program needs into $(VENV) ...'
	@$(INSTALL) $(addprefix -r ,$(RUNTIME_LOCKS))
	@$(INSTALL_PROJECT)
	@touch $@

$(DEV_READY): $(PYTHON_READY) requirements/dev.txt $(RUNTIME_LOCKS) pyproject.toml
	@echo 'Installing what the program, its tests and its checks need into $(VENV) ...'
	@$(INSTALL) -r requirements/dev.txt
	@$(INSTALL_PROJECT)
	@touch $(RUNTIME_READY) $@

$(FUZZ_READY): $(RUNTIME_READY) requirements/fuzz.txt
	@echo 'Installing the fuzzer into $(VENV) ...'
	@$(INSTALL) -r requirements/fuzz.txt
	@touch $@
