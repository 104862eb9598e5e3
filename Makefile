# Every verb works on a fresh clone: Python >= 3.11, make and a package index are all that is needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test check bench format golden laboratory chaos soak fuzz clean

demo: $(VENV)/.installed
	$(BIN)/turnout demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Peers are installed by it below .bench; nginx, haproxy and wrk come from Debian's packages.
bench: $(VENV)/.installed-dev
	@for each in nginx haproxy wrk; do command -v $$each >/dev/null || test -x /usr/sbin/$$each || missing="$$missing $$each"; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq $$missing >/dev/null; fi
	$(BIN)/python -m benchmarks $(BENCH)

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

laboratory: $(VENV)/.installed
	$(BIN)/python -m turnout.runners.laboratory aa --rollouts 2000
	$(BIN)/python -m turnout.runners.laboratory power --rollouts 60

golden: $(VENV)/.installed-dev
	TURNOUT_REWRITE_GOLDEN=1 $(BIN)/python -m pytest tests/translate -q

# Every failure many times; writes docs/chaos.md. CHAOS="--rounds 3" for fewer.
chaos: $(VENV)/.installed-dev
	$(BIN)/python -m tests.chaos.report $(CHAOS)

# Half of the peak rate for 30 minutes; writes docs/soak.md. SOAK="--minutes 3" for less.
soak: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.soak $(SOAK)

# Ten million inputs, about an hour on two cores; goes on where it stopped; writes docs/fuzz.md. FUZZ="--inputs 100000" for less.
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz.long $(FUZZ)

clean:
	rm -rf .fuzz $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "turnout needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
