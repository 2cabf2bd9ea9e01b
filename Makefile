# make run      install, migrate and serve at http://localhost:8000
# make test     install what the tests need, and run them
# make lint     ruff and mypy
# make lock     write the lock files anew

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

# flask would read a .env of any folder above as well; the application reads the project's own.
export FLASK_SKIP_DOTENV := 1

.PHONY: run test lint format lock clean

run: $(VENV)/run.stamp
	@$(BIN)/flask db upgrade
	@exec $(BIN)/python -m gunicorn -c python:imagehost.gunicorn wsgi:app

test: $(VENV)/dev.stamp
	@sh tests/install-components.sh
	$(BIN)/python -m pytest $(TESTS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/dev.stamp
	$(BIN)/uv pip compile pyproject.toml $(LOCK) -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra dev $(LOCK) -o requirements-dev.txt
LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp
