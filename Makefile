# Everything a newcomer needs: `make run` and `make test`. Each installs what it needs into .venv first.
# The first of these that runs: what a version manager puts on the PATH need not.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
  $$python -c pass 2>/dev/null && command -v $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
MODEL := models/liver_segmentation
EXPORTED := $(MODEL)/exported/export.json
# The image: its name, and more arguments for the engine, such as --build-arg DEVICE=cuda.
IMAGE ?= liver-mre:$(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' liver_mre/about.py)
BUILD_ARGS ?=
# Arguments of the fuzz suite, such as --cores 2.
FUZZ ?=
# Processes of the tests; each needs up to 1.5 GB.
WORKERS ?= 2
PYTEST_PARALLEL = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

# Where the quick tests are; of these, what is marked slow is left out.
QUICK := tests/studies tests/series tests/stiffness tests/measurement tests/quality tests/results tests/method tests/liver/test_card.py tests/liver/test_channels.py \
  $(filter-out tests/test_quality_numbers.py, $(wildcard tests/test_*.py))

# What `monai-deploy run` is tested with: the last of the tool that still runs packages.
MONAI_DEPLOY := build/monai-deploy

.PHONY: help run self-test test long-tests coverage quick fuzz hooks lint types python-versions model example image image-test image-sizes manifests lock
.PHONY: vulnerabilities debian-tools monai-deploy clean
help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# Nothing is installed whose checksum is not in a lock, and nothing that only another package asks for.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps

$(VENV)/installed: requirements-dev.lock container/torch-cpu.lock container/torch-cuda.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python was found: install 3.11, 3.12 or 3.13." >&2; exit 1; }
	@$(PYTHON) scripts/check_python.py
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements-dev.lock
	@# PyTorch without CUDA where the index has it; else the plain wheel, with CUDA's libraries.
	$(INSTALL) --require-hashes -r container/torch-cpu.lock 2>/dev/null || $(INSTALL) --require-hashes -r container/torch-cuda.lock
	$(INSTALL) --no-build-isolation -e .
	@# MONAI imports Holoscan where it finds it; that needs CUDA's runtime library, also without a GPU.
	@cd $(VENV)/lib/python3*/site-packages && ln -sf ../../nvidia/cu13/lib/libcudart.so.13 holoscan/lib/
	@touch $@

$(EXPORTED): $(VENV)/installed $(wildcard models/*/weights.safetensors models/*/card.json) models/export.py
	$(BIN)/python -m models.export
	@touch $@

# The truth is written last: while it is missing, the study may be incomplete.
example/truth.npz: | $(VENV)/installed
	@rm -rf example
	$(BIN)/python -m simulation example --out example

run: $(EXPORTED) example/truth.npz ## run the application on the simulated example study
	$(BIN)/liver-mre run -i example/study -o results --preview

self-test: $(EXPORTED) example/truth.npz ## measure the example and compare the result with that of the release
	$(BIN)/python -m app.self_test example/study

test: $(EXPORTED) debian-tools ## run the tests, but for the long ones
	$(PYTEST_PARALLEL) -m 'not alone and not long' $(PYTEST_ARGS)
	$(BIN)/python -m pytest -m alone $(PYTEST_ARGS) || [ $$? = 5 ]  # 5: PYTEST_ARGS leave none

long-tests: $(EXPORTED) debian-tools ## run the tests that take most of a minute or more each
	$(PYTEST_PARALLEL) -m long $(PYTEST_ARGS)

coverage: $(VENV)/installed ## run the tests of series, stiffness, measurement, quality and method: they must reach 90 %
	$(PYTEST_PARALLEL) -q -m 'not alone and not long' --cov --cov-report= \
	  tests/series tests/stiffness tests/measurement tests/quality tests/method
	@$(BIN)/coverage report --include='liver_mre/series/*,liver_mre/stiffness/*,liver_mre/measurement/*,liver_mre/quality/*,liver_mre/workflow/*' --fail-under=90

quick: $(VENV)/installed ## the tests that need no exported model, in under a minute
	$(BIN)/python -m pytest -q -m 'not slow' --hypothesis-profile=quick $(QUICK) $(PYTEST_ARGS)

hooks: $(VENV)/installed ## lint and type-check at every commit, run the quick tests before every push
	$(BIN)/pre-commit install

fuzz: $(VENV)/installed ## thousands of mutated studies (docs/fuzzing.md); goes on where it was stopped
	$(BIN)/python -m tests.fuzz $(FUZZ)

lint: $(VENV)/installed ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed ## mypy, strict
	$(BIN)/mypy

python-versions: $(EXPORTED) example/truth.npz ## run the application under every other supported Python that is here
	$(BIN)/python scripts/python_versions.py

model: $(EXPORTED) ## export the models for run time
example: example/truth.npz ## make the simulated example study

image: $(VENV)/installed ## build the container image, with docker or podman, whichever is there
	$(BIN)/python -m container.engine build $(IMAGE) $(BUILD_ARGS)

image-test: image $(EXPORTED) monai-deploy ## build the image and test it
	IMAGE_UNDER_TEST=$(IMAGE) MONAI_DEPLOY_CLI=$$(ls $(CURDIR)/$(MONAI_DEPLOY)/bin/monai-deploy) \
	  $(BIN)/python -m pytest tests/container $(PYTEST_ARGS)

image-sizes: $(VENV)/installed ## what the image weighs, its largest parts and why each is there
	$(BIN)/python -m container.sizes $(IMAGE) --compressed

manifests: $(VENV)/installed ## bring what is generated in Dockerfile and app.yaml up to date
	$(BIN)/python -m container.manifests labels

lock: $(VENV)/installed ## bring the package locks of the image up to date; needs a package index
	$(BIN)/python -m container.lock

vulnerabilities: $(VENV)/installed ## check the locked packages against an offline copy of the OSV database
	$(BIN)/python -m container.vulnerabilities

# Independent DICOM validators for the tests; without root the tests that need them are skipped and say so.
debian-tools:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  ! { command -v dciodvfy && command -v dsrdump && command -v DicomSRValidator; } >/dev/null; then \
	  apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq dicom3tools dcmtk pixelmed-apps libpixelmed-java >/dev/null || \
  echo "Debian's DICOM validators could not be installed: the tests that need them will be skipped."; fi

# `monai-deploy run` in an environment of its own: its requirements are not the application's.
monai-deploy:
	@test -x $(MONAI_DEPLOY)/bin/monai-deploy || { $(PYTHON) -m venv $(MONAI_DEPLOY) && \
	  $(MONAI_DEPLOY)/bin/pip install --quiet --disable-pip-version-check -r container/monai-deploy.txt; } || \
	  echo "monai-deploy could not be installed: the test that needs it will be skipped."

clean: ## remove what make made, except .venv
	rm -rf example results build models/*/exported
