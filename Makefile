# make run      install, migrate and serve at http://localhost:8000
# make install  only install, if another program serves: see docs/operations.md
# make test     install what the tests need, and run them
# make lint     ruff and mypy for Python, ESLint and TypeScript for the scripts
# make screenshots   take a picture of every page and state, into screenshots/
# make lighthouse    check the pages with Lighthouse
# make bench    install what benchmarks need, and run all, or some: make bench BENCH="uploads lists"
# make stack    start all containers on a Docker engine, and test them
# make lock     update the lock files
# make messages collect the texts to translate

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard imagehost/translations/*/LC_MESSAGES/messages.po))
# Generated files that pages need and git does not contain: compiled translations, compressed static files.
BUILT := $(CATALOGUES) $(VENV)/static.stamp
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# Otherwise, flask would also read the .env of parent folders. The application reads only the project's .env.
export FLASK_SKIP_DOTENV := 1
# If it is set, every process that make or a test starts compiles all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run install test screenshots bench lighthouse stack lint format lock messages clean
# Two installations at the same time would damage the virtual environment.
.NOTPARALLEL:

install: $(VENV)/run.stamp $(BUILT)

run: install
	@exec $(BIN)/python -m imagehost

test: $(VENV)/dev.stamp $(BUILT)
	@sh tests/install-components.sh
	$(BIN)/python -m pytest --durations=10 $(or $(TESTS),$(IN_PARALLEL))
# Many tests wait for servers and browsers, so there are more processes than cores. One process runs all tests of
# a file.
IN_PARALLEL := --numprocesses=3 --dist=loadfile --no-loadscope-reorder

screenshots: $(VENV)/dev.stamp $(BUILT)
	@sh tests/install-components.sh
	$(BIN)/python -m tests.browser.screenshots $(STATES)

bench: $(VENV)/dev.stamp $(BUILT)
	@sh tests/install-components.sh wrk
	$(BIN)/python -m benchmarks $(BENCH)

lighthouse: $(VENV)/dev.stamp $(BUILT) tests/lighthouse/node_modules/.package-lock.json
	@sh tests/install-components.sh
	$(BIN)/python -m tests.lighthouse.run

stack: $(VENV)/dev.stamp
	$(BIN)/python -m tests.compose.run $(STACK)

lint: $(VENV)/dev.stamp node_modules/.package-lock.json
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(ESLINT)
	$(BIN)/node node_modules/typescript/bin/tsc

format: $(VENV)/dev.stamp node_modules/.package-lock.json
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(ESLINT) --fix
ESLINT = $(BIN)/node node_modules/eslint/bin/eslint.js --max-warnings 0 .

lock: $(VENV)/dev.stamp
	$(BIN)/uv pip compile pyproject.toml $(LOCK) -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev $(LOCK) -o requirements-dev.txt
	$(NPM) run lock
LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

messages: $(VENV)/dev.stamp
	@$(BIN)/pybabel -q extract -F babel.cfg -k "translatable Malformed DamagedImage:2 TooManyParts" --no-location --sort-output \
	  --header-comment "# Translations template for imagehost." -o $(VENV)/messages.pot imagehost templates
	@$(BIN)/pybabel -q update -i $(VENV)/messages.pot -d imagehost/translations --update-header-comment \
	  --no-fuzzy-matching --ignore-obsolete --no-wrap
	@# Remove author, date and program: git has them, and they would change in every run.
	@sed -i.old -E '1,/^$$/{/^#, fuzzy|^"(Project|Report|PO|Last|Language-Team|Generated)/d;}' $(CATALOGUES:.mo=.po)
	@rm $(CATALOGUES:.mo=.po.old)

%.mo: %.po | $(VENV)/run.stamp
	@$(BIN)/pybabel -q compile -i $< -o $@

$(VENV)/static.stamp: $(shell find static -name '*.*' ! -name '*.gz' ! -name '*.br') | $(VENV)/run.stamp
	@$(BIN)/python -m whitenoise.compress --quiet static
	@touch $@

clean:
	find static -name '*.gz' -delete -o -name '*.br' -delete
	rm -rf $(CATALOGUES) $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis node_modules tests/lighthouse/node_modules screenshots

# npm calls node by its name.
NPM = PATH="$(CURDIR)/$(BIN):$$PATH" npm
# npm writes this file into a folder that is complete.
node_modules/.package-lock.json: package-lock.json
tests/lighthouse/node_modules/.package-lock.json: tests/lighthouse/package-lock.json
node_modules/.package-lock.json tests/lighthouse/node_modules/.package-lock.json: | $(VENV)/dev.stamp
	cd $(dir $(@D)) && $(NPM) ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
