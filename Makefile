# Everything runs in .venv, made from requirements.lock. Python 3.11 or newer and make are all it takes.
PYTHON ?= python3
BIN := .venv/bin
SOAK := tests/crash/test_soak.py
READY := .venv/.ready

# Containers like to say that compiled modules are not kept: every command would compile all of Lifeloop again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo test check style types soak bench docs lock clean

install: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lifeloop needs Python 3.11 or newer: make PYTHON=python3.11 …"; exit 1; }
	@echo "Setting up .venv (once, about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## a year of a made-up company in seconds, then its inbox in the browser
	@$(BIN)/lifeloop demo $(ARGS)

check: style types  ## style, types and the direction of imports

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)
	$(BIN)/mypy

# Whether memory stays flat takes two minutes in which hardly anything happens, so it is looked at beside the others.
test: check  ## everything that must hold
	@$(BIN)/python -m pytest -q -n 2 $(SOAK) & beside=$$!; ended=0; \
	$(BIN)/python -m pytest -n auto --dist loadgroup --ignore=$(SOAK) $(ARGS) || ended=$$?; \
	wait $$beside || ended=$$?; exit $$ended

soak: $(READY)  ## bad luck at night: 450 strikes over 10,800 messages, four times, twenty restarts, and a quarter of an hour of flat memory (about 45 minutes)
	LIFELOOP_SOAK=900 $(BIN)/python -m pytest -q -s -n 2 $(SOAK)
	LIFELOOP_STRIKES=450 LIFELOOP_RESTARTS=20 $(BIN)/python -m pytest -q -s tests/crash -k "smtp or keys or restarts or killed_while" $(ARGS)

bench: $(READY)  ## figures, as ratios within one run
	$(BIN)/python benchmarks/run.py $(ARGS)

docs: $(READY)  ## rewrite the generated pages (errors, words, lifecycle) from the code
	$(BIN)/python docs/generate.py

lock:  ## needs uv; only for maintainers
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	  --no-emit-index-url --no-header --no-annotate --quiet -o requirements.lock

clean:
	rm -rf .venv .lifeloop dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
