# Everything a newcomer needs: `make run` and `make test`. Each installs what it needs into .venv first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
MODEL := models/liver_segmentation
EXPORTED := $(MODEL)/exported/export.json

.PHONY: help run test lint types model example debian-tools clean
help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/installed: requirements.txt requirements-dev.txt constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@# MONAI imports Holoscan where it finds it; that needs CUDA's runtime library, also without a GPU.
	@cd $(VENV)/lib/python3*/site-packages && ln -sf ../../nvidia/cu13/lib/libcudart.so.13 holoscan/lib/
	@touch $@

$(EXPORTED): $(VENV)/installed $(MODEL)/weights.safetensors $(MODEL)/card.json models/export.py
	$(BIN)/python -m models.export
	@touch $@

# The truth is written last: while it is missing, the study may be incomplete.
example/truth.npz: | $(VENV)/installed
	@rm -rf example
	$(BIN)/python -m simulation example --out example

run: $(EXPORTED) example/truth.npz ## run the application on the simulated example study
	$(BIN)/liver-mre run -i example/study -o results --preview

test: $(EXPORTED) debian-tools ## run all tests
	$(BIN)/python -m pytest --cov --cov-report= $(PYTEST_ARGS)
	@$(BIN)/coverage report --include='liver_mre/core/*' --fail-under=90

lint: $(VENV)/installed ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed ## mypy, strict
	$(BIN)/mypy

model: $(EXPORTED) ## export the models for run time
example: example/truth.npz ## make the simulated example study

# Independent DICOM validators for the tests; without root the tests that need them are skipped and say so.
debian-tools:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  ! { command -v dciodvfy && command -v dsrdump && command -v DicomSRValidator; } >/dev/null; then \
	  apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq dicom3tools dcmtk pixelmed-apps libpixelmed-java >/dev/null || \
  echo "Debian's DICOM validators could not be installed: the tests that need them will be skipped."; fi

clean: ## remove what make made, except .venv
	rm -rf example results build models/*/exported
