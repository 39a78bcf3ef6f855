# Every target starts from a clean clone: it makes .venv itself and needs only the package registries.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := VIRTUAL_ENV=$(VENV) $(BIN)/uv --quiet

$(BIN)/uv:
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: sudo apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check "uv>=0.13,<0.14"

$(VENV)/.run: requirements/run.lock pyproject.toml | $(BIN)/uv
	@$(UV) pip install --require-hashes -r requirements/run.lock
	@$(UV) pip install --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(BIN)/uv
	@$(UV) pip install --require-hashes -r requirements/dev.lock
	@$(UV) pip install --no-deps --editable .
	@touch $@ $(VENV)/.run

.PHONY: lock
lock: | $(BIN)/uv ## resolve the locked dependencies again
	$(UV) pip compile --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements/run.lock
	$(UV) pip compile --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --all-extras -o requirements/dev.lock

.PHONY: demo
demo: $(VENV)/.run ## play the whole story in the terminal: issue, question, failing test, fix, pull request
	@$(BIN)/lamplighter demo
