# run · test · check · bench: each sets up what it needs.
PYTHON ?= python3
BIN    := .venv/bin
UV     := UV_FIND_LINKS="$(PIP_FIND_LINKS)" $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c .ci/lock.txt -r pyproject.toml
RUN_EXTRAS := $(if $(filter postgres%,$(DATABASE_URL)),--extra postgres) $(if $(filter redis%,$(BUS_URL)),--extra redis) \
              $(if $(EMBEDDING_MODEL)$(RERANK_MODEL),--extra models)

.PHONY: run test check bench faults setup setup-dev
run: .venv/run.stamp
	@$(if $(strip $(RUN_EXTRAS)),$(UV) $(RUN_EXTRAS),:)
	@$(BIN)/python -m assistant demo

test: .venv/dev.stamp
	@$(BIN)/python -m pytest

check: .venv/dev.stamp
	@$(BIN)/ruff check --quiet --no-cache .
	@$(BIN)/ruff format --quiet --no-cache --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >.venv/layers.txt || (cat .venv/layers.txt; exit 1)

bench: .venv/dev.stamp
	@$(BIN)/python -m tests.bench

faults: .venv/dev.stamp
	@$(BIN)/python -m tests.faults

setup: .venv/run.stamp
setup-dev: .venv/dev.stamp

.venv/bin/uv:
	@$(PYTHON) -m venv .venv || { echo "需要 Python 3.11 和 venv：apt-get install python3 python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -qq uv==0.13.9

.venv/run.stamp: .venv/bin/uv pyproject.toml .ci/lock.txt
	@echo "正在安装（第一次约一分钟）…" >&2
	@$(UV) && touch $@

.venv/dev.stamp: .venv/bin/uv pyproject.toml .ci/lock.txt
	@$(UV) --extra dev && touch $@ .venv/run.stamp
