# `make run` and `make test` need Python 3.11 or newer and nothing else: they set up what is missing into .venv.

JOB = cost_anomalies
ARGS =
PYTHON ?=

.PHONY: help run test lint lock wheel clean set-up set-up-dev
.DEFAULT_GOAL := help

help:
	@echo "make run      set up, then measure the reference job cost_anomalies   [JOB=... ARGS=...]"
	@echo "make test     set up, then run every test                             [ARGS=...]"
	@echo "make lint     ruff and mypy"
	@echo "make lock     bring locks/ in line with pyproject.toml                [UPGRADE=1]"
	@echo "make wheel    build the wheel and the source archive into dist/"
	@echo "make clean    remove .venv, dist and caches; kept runs in .paredown stay"
	@echo "PYTHON=...    which Python to set up with; 3.11 or newer"

run: set-up
	@.venv/bin/paredown run $(JOB) $(ARGS)

# Two at a time: half of the suite waits for processes. A file stays together, with what it sets up.
test: set-up-dev
	@.venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: set-up-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

# One lock for every system and Python. What is locked already stays as it is unless UPGRADE is set. --no-config: what
# this machine adds to its package index must not reach the locks.
COMPILE = .venv/bin/uv pip compile --quiet --no-config --no-emit-index-url --custom-compile-command "make lock" \
	--universal --python-version 3.11 --generate-hashes $(if $(UPGRADE),--upgrade) pyproject.toml

lock: set-up-dev
	$(COMPILE) --group dev -o locks/dev.txt
	$(COMPILE) --group build -c locks/dev.txt -o locks/run.txt

wheel: set-up
	.venv/bin/python -m hatchling build -d dist

clean:
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -path ./.paredown -prune -o -name __pycache__ -prune -exec rm -rf {} +

set-up:
	@PYTHON="$(PYTHON)" tools/set-up.sh run

set-up-dev:
	@PYTHON="$(PYTHON)" tools/set-up.sh dev
