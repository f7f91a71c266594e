PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= dev,torch
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types unit rulebook clean

# The main job on a bundled example: the AC-v2 run, which must come out blocked (exit status 1).
demo: $(VENV)/.demo
	$(BIN)/python examples/ac_v2/generate.py --rows 20000 --seed 7 --out examples/ac_v2/data
	$(BIN)/transxlab setup examples/ac_v2/config.yaml --answers examples/ac_v2/answers.yaml \
		--train examples/ac_v2/data/train.jsonl --val examples/ac_v2/data/val.jsonl --rows 946000 \
		--gpu "A100 80GB" --out .build/demo --force; test $$? -eq 1
	$(BIN)/transxlab explain LR001 --full

test: lint types unit rulebook

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# The packages lie at the root under short names; mypy finds them under their real one here.
types: $(VENV)/.test
	mkdir -p .build/types && ln -sfn ../.. .build/types/transxlab
	MYPYPATH=.build/types $(BIN)/mypy .build/types/transxlab/facts .build/types/transxlab/engine .build/types/transxlab/cli

unit: $(VENV)/.test
	$(BIN)/python -m pytest -n 2

rulebook: $(VENV)/.test
	$(BIN)/transxlab rules check
	$(BIN)/transxlab rules test --cross-check

$(VENV)/.demo: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	$(BIN)/python -m compileall -q engine facts cli
	touch $@

$(VENV)/.test: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable ".[$(EXTRAS)]"
	$(BIN)/python -m compileall -q engine facts cli
	touch $@

clean:
	rm -rf $(VENV) .build build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
