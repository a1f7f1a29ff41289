# `make help` lists what there is to do. Options are passed on with ARGS:
#     make play ARGS="--seconds 20"

ARGS ?=
RUN ?= runs/default
# Processes that share the tests, a file at a time; each may hold TensorFlow, some 1.5 GB.
WORKERS ?= 2
BOARD := .venv
DEV := .venv-dev
UV := .venv-uv
DEFAULT_BUNDLE := device/playbach/models/default.bundle

# The first Python that everything runs on, else one that at least plays.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for check in '$(SUITABLE)' '$(NEW_ENOUGH)'; do \
	for python in python3 python3.12 python3.13 python3.11; do \
	$$python -c "$$check" 2>/dev/null && echo $$python && exit; done; done)

# make-venv FOLDER,REQUIREMENTS: exactly what the hashed file lists, then this project in place.
# Nothing is downloaded that has no hash there.
define make-venv
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; install it, or give make" \
		"PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "$(1): installing $(2) for $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(1)
	@$(1)/bin/pip install --disable-pip-version-check --quiet --require-hashes -r $(2)
	@$(1)/bin/pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@
endef

.PHONY: help play check test test-docs test-faults test-arm test-service test-vm lint train convert bench \
	figures screens \
	compare model report docs requirements install uninstall clean

help: ## list what there is to do
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 14

play: $(BOARD)/installed ## play new music without end (ARGS="--seconds 20", see --help)
	@$(BOARD)/bin/playbach play $(ARGS)

check: lint test test-docs ## all that a change has to pass, and .ci/run runs

test: $(DEV)/installed ## run the tests (ARGS="-k sinks", ARGS="-n 0 --pdb")
	$(DEV)/bin/pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

test-docs: $(DEV)/installed ## run the commands of the documents, page by page
	$(DEV)/bin/pytest --numprocesses $(WORKERS) --dist loadgroup tests/docs/run_commands.py $(ARGS)

test-arm: $(DEV)/installed ## the board's software on emulated 64-bit ARM, as root (docs/system-tests.md)
	$(DEV)/bin/python -m tests.system.machines.arm $(ARGS)

test-faults: $(DEV)/installed ## random faults against the daemon (ARGS="--minutes 20 --slow 0.25")
	$(DEV)/bin/python -m tests.system.faults $(ARGS)

test-vm: $(DEV)/installed ## the service in a virtual machine, as root (docs/system-tests.md)
	$(DEV)/bin/python -m tests.system.machines.service $(ARGS)

test-service: $(DEV)/installed ## boot a Debian and test the service under its systemd (as root)
	$(DEV)/bin/pytest -o faulthandler_exit_on_timeout=false tests/systemd/boot.py $(ARGS)

lint: $(DEV)/installed ## check style, types and who imports whom
	$(DEV)/bin/ruff check
	$(DEV)/bin/ruff format --check
	$(DEV)/bin/mypy
	$(DEV)/bin/lint-imports

train: $(DEV)/installed ## scores to network (ARGS="--midi DIR --run RUN")
	$(DEV)/bin/python train/train.py $(ARGS)

convert: $(DEV)/installed ## network to bundle (ARGS="RUN -o NAME.bundle")
	$(DEV)/bin/python convert/convert.py $(ARGS)

bench: $(DEV)/installed ## print the figures of the README (ARGS="--all --json FILE", ARGS=note)
	$(DEV)/bin/python -m bench $(ARGS)

figures: $(DEV)/installed ## draw the pictures of docs/figures (ARGS="attention --measure --midi FILE")
	$(DEV)/bin/python -m bench.figures --run $(RUN) $(ARGS)

screens: $(DEV)/installed ## take the pictures of the page in docs, in Chromium
	$(DEV)/bin/python -m tests.browser.pictures

compare: $(DEV)/installed ## train and measure every network, docs/comparison.md (hours; ARGS="--only grid")
	$(DEV)/bin/python -m bench.comparison $(ARGS)

# Movements of the suites that no network here has ever seen: scores on them are honest.
KEPT_BACK := bwv1007-7-gigue bwv1008-4-sarabande bwv1009-3-courante bwv1010-2-allemande \
	bwv1011-5-gavotte-1 bwv1012-1-prelude

model: $(DEV)/installed ## train and replace the bundle that is included (ARGS=--resume after a kill)
	$(DEV)/bin/python train/train.py --corpus cello-suites --corpus bach-solo \
		$(KEPT_BACK:%=--exclude %) --config train/default.toml --training.held_out 0 \
		--run $(RUN) $(ARGS)
	$(DEV)/bin/python convert/convert.py $(RUN) --quantise dynamic,int8 --memory 512 --force \
		-o $(DEFAULT_BUNDLE)

report: $(DEV)/installed ## compare what the included model composes with Bach, in docs/report
	$(DEV)/bin/playbach-train report --bundle $(DEFAULT_BUNDLE) --corpus cello-suites \
		--corpus bach-solo $(KEPT_BACK:%=--exclude %) --out docs/report --force $(ARGS)

docs: $(DEV)/installed ## build the documentation as a site (build/site/index.html)
	$(DEV)/bin/sphinx-build -q -W --keep-going -c docs/site $(ARGS) . build/site

requirements: $(UV)/bin/uv ## remake the hashed files (ARGS=--upgrade for newer versions)
	$(COMPILE) -o requirements/board.txt
	$(COMPILE) --extra train --extra convert --extra score --group lint --group test --group docs \
		--override requirements/dev-overrides.in -o requirements/dev.txt

# For every platform and every Python from 3.11 on; without a word about where the files come from.
COMPILE = $(UV)/bin/uv pip compile $(ARGS) --quiet pyproject.toml --group build \
	--constraints requirements/constraints.in --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --no-annotate

# Where the board's own copy goes, with a virtual environment of its own; DESTDIR packs it up.
PREFIX ?= /opt/playbach
DESTDIR ?=

INSTALLER = @PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" PYTHON="$(PYTHON)" systemd/install

install: ## the service, into PREFIX=/opt/playbach (as root)
	$(INSTALLER) install

uninstall: ## take the service away; its configuration and state stay (as root)
	$(INSTALLER) uninstall

clean: ## remove virtual environments, builds and caches; runs and corpora stay
	rm -rf $(BOARD) $(DEV) $(UV) build dist .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .grimp_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BOARD)/installed: requirements/board.txt pyproject.toml
	$(call make-venv,$(BOARD),requirements/board.txt)

$(DEV)/installed: requirements/dev.txt pyproject.toml
	$(call make-venv,$(DEV),requirements/dev.txt)

$(UV)/bin/uv:
	@$(PYTHON) -m venv $(UV)
	@$(UV)/bin/pip install --disable-pip-version-check --quiet uv
