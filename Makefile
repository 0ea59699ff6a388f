# Every line of work with this repository. `make` alone explains them.
PYTHON ?= python3
RUN = .venv/bin/python -m
STACK = $(RUN) upstream_stack
MATRIX = cd tests && ../.venv/bin/python -m faults
MEMBERS = shared/schemas shared/runtime shared/client services/intake services/scheduler services/notifier services/referral deploy/stack
OURS = $(notdir $(MEMBERS))
export UPSTREAM_STARTED_BY = make

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults soak check up down reset ps logs doctor topics containers bench growth lock wheels generated clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: .venv/ready ## Python packages of this checkout, into .venv

.venv/ready: requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS))
	@sh deploy/setup.sh "$(PYTHON)" $(MEMBERS)
	@touch .venv/ready

demo: setup ## start everything, play the journeys, leave it running (JSON=1 for a machine; MODE=compose in containers)
	@$(STACK) demo $(if $(JSON),--json)

test: setup ## every test, on real Kafka and PostgreSQL (INFRA=testcontainers: in containers)
	@$(RUN) pytest $(if $(ONLY),$(ONLY))

faults: setup ## break a pipeline on purpose for ten minutes, and check what came of it (SEED=1)
	@$(MATRIX) $(if $(SEED),--seed $(SEED))

soak: setup ## the same for hours; goes on where it was left (RESULTS=1 keeps the line under bench/results)
	@$(MATRIX) --soak ../bench/work/soak.jsonl $(if $(RESULTS),--results ../bench/results/faults-$(shell date -u +%F).jsonl)

check: setup ## lint, types, imports, schemas, generated files
	@.venv/bin/python deploy/checks/run.py

up: setup ## start the stack (FOREGROUND=1 stays in front)
	@$(STACK) up $(if $(FOREGROUND),--foreground)

down: setup ## stop it; data stay
	@$(STACK) down

reset: setup ## stop it and remove its data, after asking
	@$(STACK) reset

ps: setup ## what runs, and what it costs
	@$(STACK) ps

logs: setup ## the end of a process's log: make logs s=intake
	@$(STACK) logs $(s)

doctor: setup ## what a start needs, each finding with its fix
	@$(STACK) doctor

topics: setup ## rates, and what each group has still to read
	@$(STACK) topics

containers: setup ## the demo in containers: from nothing, again, after down and up, after each kill (RUN_DIR=, PORT_BASE=)
	@.venv/bin/python tests/system/containers.py "$(or $(RUN_DIR),.run-containers)" "$(or $(PORT_BASE),21080)"

bench: setup ## the engine beside what people would otherwise use (YARDSTICKS=folder, ROUNDS=3)
	@.venv/bin/python bench/run.py

growth: setup ## how an event's cost grows with what is stored, replicas and hot keys (YARDSTICKS=folder)
	@.venv/bin/python bench/growth.py

COMPILE = $(or $(UV),uv) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url $(OURS:%=--no-emit-package upstream-%)

lock: ## requirements.lock anew, from what members and pyproject.toml ask for, and the image's two parts of it (UV=uv)
	@printf './%s\n' $(MEMBERS) | $(COMPILE) - --group checks --group tests -o requirements.lock
	@printf './%s\n' $(MEMBERS) | $(COMPILE) - --constraints requirements.lock -o deploy/images/runtime.lock
	@$(COMPILE) --group build --constraints requirements.lock -o deploy/images/build.lock

wheels: setup ## the contract and the partners' program as wheels, into dist/
	@$(RUN) pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist shared/schemas shared/client && ls dist/*.whl

generated: setup ## write the generated files anew
	@.venv/bin/python deploy/checks/generated.py --write
