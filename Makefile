# weft: `make run` starts the server with its page, `make test` proves everything.
# `make` alone lists the targets. What each needs is installed by itself where
# that is possible, and named where it is not.

SHELL := /bin/sh
.DEFAULT_GOAL := help

GO      ?= go
NPM     ?= npm
NODE    ?= node
LISTEN  ?= 127.0.0.1:8787
DATA    ?= ./weft-data
BIN     := bin/weft
MODULE  := jsbridge/dist/provider.wasm
BRIDGE  := jsbridge/dist/index.js
PAGE    := page/dist/index.html
NPM_OK  := node_modules/.package-lock.json
FUZZTIME ?= 60s

# Sources that the artefacts are made from: make rebuilds only what changed.
GO_SRC     := $(shell find core native server page wasm -name '*.go' ! -name '*_test.go' 2>/dev/null)
WASM_SRC   := $(shell find core wasm -name '*.go' ! -name '*_test.go' 2>/dev/null)
BRIDGE_SRC := $(shell find jsbridge/src -type f 2>/dev/null) jsbridge/build.mjs jsbridge/package.json
PAGE_SRC   := $(shell find page -type f -not -path 'page/dist/*' -not -name '*.go' 2>/dev/null)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- build ------------------------------------------------------------------

.PHONY: run
run: build ## build everything and serve on http://127.0.0.1:8787 (LISTEN=, DATA=)
	./$(BIN) serve --listen $(LISTEN) --data $(DATA)

.PHONY: build
build: $(BIN) ## build the module, the page and the binary

.PHONY: wasm
wasm: ## build the WebAssembly module and print its sizes
	$(GO) run ./wasm/build -o $(MODULE)

$(NPM_OK): package.json package-lock.json jsbridge/package.json
	@command -v $(NODE) >/dev/null || { echo "weft needs Node.js 20 or newer to build the page: https://nodejs.org"; exit 1; }
	$(NPM) ci --no-fund --no-audit
	@touch $@

# The package's build makes the module too: $(MODULE) and the JavaScript.
$(BRIDGE): $(NPM_OK) $(WASM_SRC) $(BRIDGE_SRC) go.mod
	@command -v $(GO) >/dev/null || { echo "weft needs Go 1.26 or newer: https://go.dev/dl"; exit 1; }
	$(NPM) run --silent build -w jsbridge
	@touch $@

$(PAGE): $(BRIDGE) $(PAGE_SRC)
	$(NODE) page/build.mjs
	@touch $@

$(BIN): $(PAGE) $(GO_SRC) go.mod
	$(GO) build -trimpath -o $@ ./native/cmd/weft

# ---- prove ------------------------------------------------------------------

.PHONY: test
test: test-go test-wasm test-node ## run every suite (installs Chromium where it can)

.PHONY: test-go
test-go: $(BIN) ## Go suites: unit, scenario, vectors, simulation, module under wazero
	$(GO) test ./...
	$(GO) test -race -short ./native/... ./server/...
	@# every invariant of the engine after each of its transactions
	$(GO) test -tags invariants ./core/crdt ./tests/document

# The core's own tests and the vectors on both WebAssembly targets: js/wasm
# under Node, wasip1 under wazero.
WASM_TESTS := ./core/... ./tests/vectors/... ./tests/document/...
.PHONY: test-wasm
test-wasm: build/wazero $(NPM_OK) ## core and vectors on js/wasm (Node) and wasip1 (wazero)
	GOOS=js GOARCH=wasm $(GO) test -short -exec "$$($(GO) env GOROOT)/lib/wasm/go_js_wasm_exec" $(WASM_TESTS)
	PATH="$(CURDIR)/build:$$PATH" GOWASIRUNTIME=wazero GOOS=wasip1 GOARCH=wasm \
	  $(GO) test -short -exec "$$($(GO) env GOROOT)/lib/wasm/go_wasip1_wasm_exec" $(WASM_TESTS)

build/wazero: go.mod
	$(GO) build -o $@ github.com/tetratelabs/wazero/cmd/wazero

# The shell lists them: Node 20 takes no patterns.
NODE_TESTS = jsbridge/test/*.test.mjs tests/*/*.test.mjs
.PHONY: test-node
test-node: $(BIN) ## Node suites: bridge, vectors, real peers, real browser, crashes
	tests/browser/install-chromium
	$(NODE) --test --test-concurrency=1 $(NODE_TESTS)

# Seeds that no run has had before, unless SEED says which.
SEED ?= $(shell date +%s)
.PHONY: lockstep
lockstep: $(NPM_OK) ## many random scripts beside yjs in Node (SEED=)
	WEFT_SEED=$(SEED) WEFT_SCRIPTS=200 WEFT_STEPS=2000 $(GO) test -timeout 60m -run TestLockstep ./tests/document

SIM_SEEDS ?= 1-10000
.PHONY: sim
sim: ## the simulation with many seeds (SIM_SEEDS=1-10000); a failing one says how to replay it
	WEFT_SIM_SEEDS=$(SIM_SEEDS) $(GO) test ./tests/sim -run 'TestWorld$$' -count=1 -timeout 2h -v

.PHONY: check
check: $(BRIDGE) ## formatting, vet, staticcheck and builds for every target, house rules, types
	@out=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$out" ] || { echo "not gofmt'ed:"; echo "$$out"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	GOOS=js GOARCH=wasm $(GO) vet ./core/... ./wasm/abi/... ./tests/vectors/... ./tests/document/...
	GOOS=wasip1 GOARCH=wasm $(GO) vet ./core/... ./wasm/ ./wasm/abi/... ./tests/vectors/... ./tests/document/...
	$(GO) tool staticcheck ./...
	@# the tool itself is native, whatever it looks at
	@tool=$$($(GO) tool -n staticcheck) && set -x && \
	  GOOS=js GOARCH=wasm $$tool ./core/... ./wasm/abi/... ./tests/vectors/... ./tests/document/... && \
	  GOOS=wasip1 GOARCH=wasm $$tool ./core/... ./wasm/ ./wasm/abi/... ./tests/vectors/... ./tests/document/...
	@# every platform an operator may want, without cgo
	@for t in linux/arm64 linux/386 darwin/arm64 windows/amd64 freebsd/amd64; do \
	  echo "build $$t"; CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build -o /dev/null ./native/cmd/weft || exit 1; done
	$(GO) test ./tests/archtest
	$(NPM) run --silent types

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (a minute each)
	@mkdir -p build
	@for p in $$($(GO) list ./core/... ./wasm/... ./native/...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "fuzz $$p $$f"; \
	    $(GO) test -tags invariants -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$p >build/fuzz.log 2>&1 && continue; \
	    cat build/fuzz.log; \
	    : 'Before Go 1.27 the fuzzer may call the end of its own time a failure (go.dev/issue/75804); then no input was written'; \
	    grep -q 'context deadline exceeded' build/fuzz.log && ! grep -q 'Failing input' build/fuzz.log || exit 1; \
	  done; done

.PHONY: bench
bench: $(BIN) ## the benchmark battery with its peers, JSON into build/bench.json
	$(GO) run ./tests/bench -o build/bench.json

.PHONY: clean
clean: ## remove what was built (never the data)
	rm -rf bin build jsbridge/dist node_modules
	find page/dist -type f ! -name .gitkeep -delete
