# Every target starts from a clean clone: it makes .venv itself and needs only the package registries.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Half of what a test does is waiting (processes, git, clocks that run), so two for each core and one more.
WORKERS ?= $(shell echo $$((2 * $$(nproc 2>/dev/null || echo 2) + 1)))
# Every process would compile every module again: the tests start thousands.
unexport PYTHONDONTWRITEBYTECODE
# A company's own certificate authority is among the machine's certificates, and uv does not look there by itself.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS := 1
endif
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

$(VENV)/.aws: requirements/aws.lock $(VENV)/.run
	@$(UV) pip install --require-hashes -r requirements/aws.lock
	@touch $@

# Tools that stand around the product and must not mix with it: emulator, template checkers, the Lambda runtime.
.venv-cloud/.ready: requirements/cloud.lock | $(BIN)/uv
	@$(PYTHON) -m venv .venv-cloud
	@VIRTUAL_ENV=.venv-cloud $(BIN)/uv --quiet pip install --require-hashes -r requirements/cloud.lock
	@touch $@

# Lambda's runtime client for the version of Python that Lambda runs: its compiled part fits no other.
.venv-cloud/runtime-3.13/.ready: .venv-cloud/.ready
	@awk '/^[a-z]/ {wanted = /^(awslambdaric|simplejson|snapshot-restore-py)==/} wanted' requirements/cloud.lock > .venv-cloud/runtime.lock
	@$(UV) pip install --require-hashes --no-deps --only-binary :all: --python-version 3.13 --target $(@D) -r .venv-cloud/runtime.lock
	@touch $@

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done

.PHONY: aws
aws: $(VENV)/.aws ## what the command line needs for AWS and Bedrock: boto3 and its kind
	@echo 'Ready: .venv/bin/lamplighter doctor --platform aws'

.PHONY: demo
demo: $(VENV)/.run ## play the whole story in the terminal: from an issue to a pull request, then a review and a red check
	@$(BIN)/lamplighter demo

.PHONY: rehearse
rehearse: $(VENV)/.run ## bugs and red checks of published projects, real ones and planted ones; an hour or more on two cores
	@$(BIN)/python -m tests.rehearsal $(ARGS)

.PHONY: test
test: $(VENV)/.dev ## everything that must hold before a change is merged; about twenty minutes on two cores
	@$(MAKE) --no-print-directory --keep-going -j2 format-check lint types floors pytest

.PHONY: test-aws
test-aws: $(VENV)/.dev .venv-cloud/.ready .venv-cloud/runtime-3.13/.ready ## the same stories, contracts and crashes on AWS's semantics; about twenty minutes on two cores
	@$(call COMPILED,tests/aws/network/__pycache__,-m aws) || true
	@$(TIMED) $(BIN)/python -m pytest -m aws -n $(WORKERS) --dist worksteal --durations=10 $(ARGS)

.PHONY: voice
voice: $(VENV)/.dev ## docs/voice.md again: everything the bot says in the stories
	@VOICE="$$(mktemp -d)" && export VOICE && $(BIN)/python -m pytest -n $(WORKERS) -k once-local tests/scenarios \
		&& $(BIN)/python -m tests.scenarios.voice "$$VOICE" > docs/voice.md && rm -r "$$VOICE"

.PHONY: check
check: $(VENV)/.dev ## formatter, linter, types and import floors
	@$(MAKE) --no-print-directory --keep-going -j2 --output-sync=target format-check lint types floors

.PHONY: format
format: $(VENV)/.dev ## let the formatter and the linter mend what they can
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

.PHONY: lock
lock: | $(BIN)/uv ## resolve the locked dependencies again
	$(UV) pip compile --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml -o requirements/run.lock
	$(UV) pip compile --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --all-extras -o requirements/dev.lock
	$(UV) pip compile --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --extra aws -o requirements/aws.lock
	$(UV) pip compile --universal --generate-hashes --no-header --python-version 3.11 -c requirements/aws.lock requirements/functions.in -o requirements/functions.lock
	$(UV) pip compile --generate-hashes --no-header --python-version 3.11 requirements/cloud.in -o requirements/cloud.lock

# In a new clone every worker would compile all that it imports, and all of them at the same moment: one goes before.
COMPILED = [ -d $(1) ] || $(BIN)/python -m pytest --collect-only -qq $(2) > /dev/null
# The parts of `test`. Each says how long it took, so that the slow one is known.
TIMED = start=$$(date +%s); run() { "$$@" && said=ok || { code=$$?; said=FAILED; }; \
	printf '%-12s %s, %s s\n' $@ $$said $$(($$(date +%s) - start)); return $${code:-0}; }; run

.PHONY: format-check lint types floors pytest
format-check: $(VENV)/.dev
	@$(TIMED) $(BIN)/ruff format --check --quiet
lint: $(VENV)/.dev
	@$(TIMED) $(BIN)/ruff check --quiet
types: $(VENV)/.dev
	@$(TIMED) $(BIN)/mypy --no-error-summary
floors: $(VENV)/.dev
	@$(TIMED) $(BIN)/lint-imports --no-logo
pytest: $(VENV)/.dev
	@$(call COMPILED,tests/__pycache__) || true
	@$(TIMED) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --durations=10 $(ARGS)

.PHONY: build
build: | $(BIN)/uv ## pack the Lambda functions into dist/, for `sam deploy` (ARGS="--architecture x86_64")
	@$(BIN)/python infra/build.py $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev ## print speed, memory and token ratios against bare floors (about eight minutes; SECTIONS="door steps")
	@$(BIN)/python -m tests.bench $(SECTIONS)
