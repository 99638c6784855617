# The whole developer interface. Everything is installed into .venv/, web/node_modules/ and .cache/, nothing elsewhere;
# only `make test` installs Debian packages, and only when it runs as root.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8443
HTTP_PORT ?= 8080
ARGS ?=
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
WASM := web/src/codecs/generated/.built
WASM_SOURCES := $(shell find web/wasm scripts/wasm_build -type f -not -name '*.pyc' 2>/dev/null) scripts/build_wasm.py
WEB_SOURCES := $(shell find web/src web/public web/scripts -type f 2>/dev/null) $(wildcard web/*.html web/*.ts web/package.json web/tsconfig*.json)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help run test test-web test-python test-slow test-reach check format fuzz bench-hop bench-kernels bench-browser bench-latency bench-latency-quick latency-figures bench-fairness bench-sockets wasm screenshots wheel clean packages

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Whoever wants a call now is served with WebCodecs alone where the codecs' sources cannot be had.
run: WASM_FLAGS := --or-without
run: $(VENV)/.run wsmedia/web_dist/index.html ## Install what is missing and serve the call page (PORT=8443 HTTP_PORT=8080 ARGS=…)
	@exec $(BIN)/wsmedia serve --port $(PORT) --http-port $(HTTP_PORT) $(ARGS)

test: test-web test-python ## Install what tests need and run them all (but those marked slow)

test-web: web/node_modules/.installed $(WASM) ## Run the browser code's unit tests
	@cd web && npm run --silent test

test-python: packages $(VENV)/.test wsmedia/web_dist/index.html ## Run the Python, interop and browser tests (PYTEST_ARGS=…)
	@scripts/test.sh $(BIN)/pytest $(PYTEST_ARGS)

test-slow: packages $(VENV)/.test wsmedia/web_dist/index.html ## Run the tests that take minutes each
	@$(BIN)/pytest -m slow $(PYTEST_ARGS)

test-reach: $(VENV)/.test wsmedia/web_dist/index.html ## Call through every bad network (in half an hour); docs/reach.md gets the table
	@scripts/install-packages.sh reach
	@$(BIN)/pytest -m "not slow" tests/reach --keep-table $(PYTEST_ARGS)

check: $(VENV)/.test web/node_modules/.installed wsmedia/web_dist/index.html ## Lint, types, import floors, Python and web; sizes of what was built
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@cd web && npm run --silent check && npm run --silent package

format: $(VENV)/.test web/node_modules/.installed ## Format Python and web sources
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format --quiet .
	@cd web && npm run --silent format

fuzz: $(VENV)/.test ## Fuzz every parser of outside bytes (SECONDS=60 each)
	@scripts/fuzz.sh $(BIN)/python $${SECONDS_EACH:-60}

bench-hop: $(VENV)/.test ## Measure the gateway's added latency and CPU beside aiortc's
	@$(BIN)/python -m benchmarks.hop $(ARGS)

bench-kernels: web/node_modules/.installed $(WASM) ## Measure our SIMD kernels beside clang's own vectors (ARGS=passes)
	@node benchmarks/wasm_kernels/run.mjs $(ARGS)

wasm: $(WASM) ## Build openh264 and libopus for the page (WSMEDIA_CODEC_SOURCES=folder WSMEDIA_CLANG=clang-19)

bench-browser: packages $(VENV)/.test wsmedia/web_dist/index.html ## Compare WebCodecs and WASM in Chromium (ARGS=--quick)
	@$(BIN)/python -m benchmarks.browser $(ARGS)

bench-latency: packages $(VENV)/.bench wsmedia/web_dist/index.html ## Glass to glass beside WebRTC and TURN on bad links, for hours (ARGS=--help)
	@$(BIN)/python -m benchmarks.latency $(ARGS)

bench-latency-quick: packages $(VENV)/.bench wsmedia/web_dist/index.html ## The same of two links in under five minutes
	@$(BIN)/python -m benchmarks.latency --quick --again $(ARGS)
	@$(BIN)/python -m benchmarks.latency.protocol --quick --again

bench-fairness: $(VENV)/.bench ## What a call of many lanes leaves to a TCP flow beside it (ARGS=--quick)
	@$(BIN)/python -m benchmarks.latency.fairness $(ARGS)

bench-sockets: $(VENV)/.bench ## What the gateway's socket settings do on bad links (ARGS=--quick)
	@$(BIN)/python -m benchmarks.latency.sockets $(ARGS)

latency-figures: $(VENV)/.bench ## Draw the README's figures anew, from what bench-latency has measured
	@$(BIN)/python -m benchmarks.latency.plot --carriers turn-udp,turn-tcp,turn-tls,naive,wsmedia \
	  80ms-0%-20M:up 80ms-2%-20M:up 80ms-bursts-20M:up 80ms-0%-3-0.6-3M:up

screenshots: packages $(VENV)/.test wsmedia/web_dist/index.html ## Make the pictures of docs/screenshots anew (ARGS="lobby call-many")
	@$(BIN)/python scripts/screenshots.py $(ARGS)

wheel: $(VENV)/.test ## Build a wheel that contains the web page
	@$(BIN)/pip wheel -qq --no-deps --wheel-dir dist . && ls dist/*.whl

clean: ## Remove everything that these targets made
	@rm -rf $(VENV) web/node_modules web/src/codecs/generated wsmedia/web_dist .cache dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

packages:
	@scripts/install-packages.sh

$(VENV)/bin/python:
	@scripts/make-venv.sh $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python wsmedia/web_dist/index.html
	@echo "Installing wsmedia into $(VENV) …"
	@$(BIN)/pip install -qq --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/python wsmedia/web_dist/index.html
	@echo "Installing wsmedia and what its tests need into $(VENV) …"
	@$(BIN)/pip install -qq --constraint constraints.txt --editable '.[test,check]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.test
	@echo "Installing what the benchmarks need into $(VENV) …"
	@$(BIN)/pip install -qq --constraint constraints.txt --editable '.[bench]'
	@touch $@ $(VENV)/.test $(VENV)/.run

web/node_modules/.installed: web/package.json web/package-lock.json
	@scripts/require-node.sh
	@echo "Installing the web tool chain into web/node_modules …"
	@cd web && npm ci --silent --no-audit --no-fund
	@touch $@

$(WASM): $(WASM_SOURCES) | $(VENV)/bin/python
	@$(BIN)/python scripts/build_wasm.py $(if $(WITHOUT_WASM),--without,$(WASM_FLAGS))

wsmedia/web_dist/index.html: web/node_modules/.installed $(WASM) $(WEB_SOURCES)
	@echo "Building the web page …"
	@cd web && npm run --silent build -- --logLevel warn
	@touch $@
