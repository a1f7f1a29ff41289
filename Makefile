# `make help` lists what there is to do. Options are passed on with ARGS:
#     make play ARGS="--seconds 20"

ARGS ?=
RUN ?= runs/default
# Processes that share the tests, a file at a time: one more than two cores, since many tests wait for
# sounds. Each may hold TensorFlow, some 1.5 GB.
WORKERS ?= 3
BOARD := .venv
DEV := .venv-dev
UV := .venv-uv
RELEASE := .venv-release
DEFAULT_BUNDLE := device/playbach/models/default.bundle

# The first Python that everything runs on, else one that at least plays.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for check in '$(SUITABLE)' '$(NEW_ENOUGH)'; do \
	for python in python3 python3.12 python3.13 python3.14 python3.11; do \
	$$python -c "$$check" 2>/dev/null && echo $$python && exit; done; done)

# What makes environments and installs into them: uv where it is present, which takes a tenth of the
# time, else Python's own.
UV_PROGRAM := $(shell command -v uv 2>/dev/null)
ifneq ($(UV_PROGRAM),)
new-venv = $(UV_PROGRAM) venv --quiet --allow-existing --seed --python "$(PYTHON)" $(1)
pip-install = $(UV_PROGRAM) pip install --quiet --python $(1)/bin/python
else
new-venv = $(PYTHON) -m venv $(1)
pip-install = $(1)/bin/pip install --disable-pip-version-check --quiet
endif

# make-venv FOLDER,REQUIREMENTS: exactly what the hashed file lists, then this project in place.
# Nothing is downloaded that has no hash there.
define make-venv
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; install it, or give make" \
		"PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "$(1): installing $(2) for $$($(PYTHON) --version)"
	@$(call new-venv,$(1))
	@$(call pip-install,$(1)) --require-hashes -r $(2)
	@$(call pip-install,$(1)) --no-deps --no-build-isolation -e .
	@touch $@
endef

.PHONY: help play check test test-docs test-faults test-firefox test-sound test-arm test-notation test-scores \
	test-service test-vm test-ways test-workers \
	lint train convert bench figures screens compare model tables report docs requirements share package release deb \
	install uninstall clean

help: ## list what there is to do
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 14

play: $(BOARD)/installed ## play new music without end (ARGS="--seconds 20", see --help)
	@$(BOARD)/bin/playbach play $(ARGS)

check: lint test test-docs ## all that a change has to pass, and .ci/run runs

test: $(DEV)/installed ## run the tests (ARGS="-k sinks", ARGS="-n 0 --pdb")
	$(DEV)/bin/pytest --numprocesses $(WORKERS) --max-worker-restart 0 --dist loadfile $(ARGS)

test-docs: $(DEV)/installed ## run the commands of the documents, page by page
	$(DEV)/bin/pytest --numprocesses $(WORKERS) --max-worker-restart 0 --dist loadgroup tests/docs/run_commands.py $(ARGS)

test-arm: $(DEV)/installed ## the board's software on emulated 64-bit ARM, as root (docs/system-tests.md)
	$(DEV)/bin/python -m tests.system.machines.arm $(ARGS)

test-faults: $(DEV)/installed ## random faults against the daemon (ARGS="--minutes 20 --slow 0.25")
	$(DEV)/bin/python -m tests.system.faults $(ARGS)

test-sound: $(DEV)/installed ## ten minutes of the board's own sound, recorded; its ears (docs/system-tests.md)
	$(DEV)/bin/python -m tests.system.sound $(ARGS)

test-scores: $(DEV)/installed ## damaged scores of each format against the reader (ARGS="10000 1"; hours)
	$(DEV)/bin/python -m tests.train.corpus.fuzz $(ARGS)

test-vm: $(DEV)/installed ## the service in a virtual machine, as root (docs/system-tests.md)
	$(DEV)/bin/python -m tests.system.machines.service $(ARGS)

test-notation: $(DEV)/installed ## open what is saved in the notation programs that are installed (docs/saving.md)
	$(DEV)/bin/pytest --numprocesses $(WORKERS) tests/device/save/other_programs.py $(ARGS)

test-ways: $(DEV)/installed ## each way of installing, on bare Debians, as root (docs/system-tests.md)
	$(DEV)/bin/python -m tests.system.machines.ways $(ARGS)

test-firefox: $(DEV)/installed ## how the page looks in Firefox, and whom it keeps out (docs/page.md)
	PLAYBACH_BROWSER=firefox $(DEV)/bin/pytest tests/browser/test_appearance.py -k "not keyboard" $(ARGS)

test-service: $(DEV)/installed ## boot a Debian and test the service under its systemd (as root)
	$(DEV)/bin/pytest -o faulthandler_exit_on_timeout=false tests/systemd/boot.py $(ARGS)

test-workers: $(DEV)/installed ## one training by two workers on this machine, beside one alone (a minute)
	$(DEV)/bin/pytest -n 0 tests/train/two_workers.py $(ARGS)

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
	$(DEV)/bin/python -m bench.figures $(ARGS)

screens: $(DEV)/installed ## take the pictures of the page in docs, in Chromium
	$(DEV)/bin/python -m tests.browser.pictures

compare: $(DEV)/installed ## train and measure every network, docs/comparison.md (hours; ARGS="--only grid")
	$(DEV)/bin/python -m bench.comparison $(ARGS)

# Movements of the suites that no network here has ever seen: scores on them are honest.
KEPT_BACK := bwv1007-7-gigue bwv1008-4-sarabande bwv1009-3-courante bwv1010-2-allemande \
	bwv1011-5-gavotte-1 bwv1012-1-prelude

# First all that is like the solo works, then these alone; both for epochs fixed beforehand.
SOLO := --corpus cello-suites --corpus bach-solo
LINES := --corpus bach-keyboard --corpus bach-ensemble
WHOLE := $(KEPT_BACK:%=--exclude %) --config train/default.toml --training.held_out 0

model: $(DEV)/installed ## train and replace the bundle that is included (ARGS=--resume after a kill)
	$(DEV)/bin/python train/train.py $(SOLO) $(LINES) $(WHOLE) --training.epochs 8 \
		--run $(RUN)-mix $(ARGS)
	$(DEV)/bin/python train/train.py $(SOLO) $(WHOLE) --training.epochs 6 \
		--training.learning_rate 0.0007 --start-from $(RUN)-mix --run $(RUN) \
		$(if $(wildcard $(RUN)/checkpoint.npz),$(ARGS),$(filter-out --resume,$(ARGS)))
	$(DEV)/bin/python convert/convert.py $(RUN) --quantise dynamic,int8 --memory 512 --force \
		--performer device/playbach/performer/violinists.json -o $(DEFAULT_BUNDLE)

TABLES := device/playbach/composer/plan_tables.json

tables: $(DEV)/installed ## count in Bach's movements what plans are drawn from
	$(DEV)/bin/playbach-train plan $(SOLO) $(KEPT_BACK:%=--exclude %) > $(TABLES).new
	mv $(TABLES).new $(TABLES)

report: $(DEV)/installed ## compare what the included model composes with Bach, in docs/report
	$(DEV)/bin/playbach-train report --bundle $(DEFAULT_BUNDLE) --corpus cello-suites \
		--corpus bach-solo $(KEPT_BACK:%=--exclude %) --out docs/report --force $(ARGS)

docs: $(DEV)/installed ## build the documentation as a site (build/site/index.html)
	$(DEV)/bin/sphinx-build -q -W --keep-going -c docs/site $(ARGS) . build/site

share: $(DEV)/installed ## make manual pages and completions from the parsers (build/share)
	@$(DEV)/bin/python -m release.share build/share

package: share $(RELEASE)/installed ## make sdist and wheel in dist, try the wheel with each Python here
	rm -rf dist
	$(RELEASE)/bin/python -m build --no-isolation .
	$(RELEASE)/bin/twine check --strict dist/*
	$(RELEASE)/bin/python -m release.smoke dist/*.whl

deb: ## make a package for the Debian that this runs on, from the wheel in dist
	release/deb $(ARGS)

release: share $(RELEASE)/installed ## all but the upload (ARGS=0.2.0, ARGS="0.2.0 --tag" to commit and tag)
	$(RELEASE)/bin/python -m release $(ARGS)

requirements: $(UV)/bin/uv ## remake the hashed files (ARGS=--upgrade for newer versions)
	$(COMPILE) -o requirements/board.txt
	$(UV)/bin/uv pip compile $(ARGS) $(HASHED) --group build -o requirements/build.txt
	$(COMPILE) --group build --extra train --extra convert --extra score --group lint --group test \
		--group docs --override requirements/dev-overrides.in -o requirements/dev.txt
	$(UV)/bin/uv pip compile $(ARGS) $(HASHED) --group release --group build \
		-o requirements/release.txt

# For every platform and every Python from 3.11 on; without a word about where the files come from.
HASHED = --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate
COMPILE = $(UV)/bin/uv pip compile $(ARGS) $(HASHED) pyproject.toml \
	--constraints requirements/constraints.in

# Where the board's own copy goes, with a virtual environment of its own; DESTDIR packs it up.
PREFIX ?= /opt/playbach
DESTDIR ?=

INSTALLER = @PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" PYTHON="$(PYTHON)" systemd/install

install: ## the service, into PREFIX=/opt/playbach (as root)
	$(INSTALLER) install

uninstall: ## take the service away; its configuration and state stay (as root)
	$(INSTALLER) uninstall

clean: ## remove virtual environments, builds and caches; runs and corpora stay
	rm -rf $(BOARD) $(DEV) $(UV) $(RELEASE) build dist .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache .grimp_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BOARD)/installed: requirements/board.txt requirements/build.txt pyproject.toml
	$(call make-venv,$(BOARD),requirements/board.txt -r requirements/build.txt)

$(DEV)/installed: requirements/dev.txt pyproject.toml
	$(call make-venv,$(DEV),requirements/dev.txt)

$(RELEASE)/installed: requirements/release.txt
	$(call make-venv,$(RELEASE),requirements/release.txt)

$(UV)/bin/uv:
	@$(PYTHON) -m venv $(UV)
	@$(UV)/bin/pip install --disable-pip-version-check --quiet uv
