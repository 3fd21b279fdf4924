# The two commands to know are `make run` and `make test`; `make help` lists the others.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PREFIX ?= /usr/local
SECONDS ?= 60
SEEDS ?= 500
FROM ?= 1
# Seeds of the gate, fresh ones for every commit. May only grow.
TEST_SEEDS ?= 500
POINTS ?= 300
WIRE_POINTS ?= 50

PACKAGES := libyaml-dev libzstd-dev libssl-dev g++ jq
# The checker of the manual, and the shells whose completions are tested.
TEST_PACKAGES := mandoc zsh fish
# What short commands run lies side by side (scripts/start-order.sh), so that they touch fewer pages.
START_ORDER := scripts/start-order.txt
RELEASE_FLAGS := -c release --static-swift-stdlib -Xswiftc -static-executable -Xswiftc -use-ld=lld \
	-Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections \
	-Xlinker --symbol-ordering-file=$(CURDIR)/$(START_ORDER) -Xlinker --no-warn-symbol-ordering
BIN := .build/release
STAMP := .build/release.stamp
REFERENCES := .build/references
# Directories too: removing a file changes nothing but the time of its directory.
INPUTS := $(shell find Sources) Package.swift $(START_ORDER)
COUNT := scripts/count.sh
# Golden vectors and sample files lie beside the repository, where there are any.
OMS_SHARED ?= ../shared
export OMS_SHARED
# What another client sends, and is answered.
OMS_VECTORS_DIR ?= $(OMS_SHARED)/clients/vectors

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: packages
packages: ## Install the Debian packages that are missing
	@scripts/install-packages.sh $(PACKAGES)
	@command -v swift >/dev/null || { echo "swift is not on the PATH: install Swift 6.2 or later (https://swift.org/install)" >&2; exit 1; }

.PHONY: test-packages
test-packages: packages
	@scripts/install-packages.sh $(TEST_PACKAGES)

# What the linker wrote piece by piece stays in the page cache as single pages, and a program that begins would map them
# one by one: a short command took 200 us longer than from a copy, which is written in one go.
$(STAMP): $(INPUTS) | packages
	@echo "building oms (release, static): $$(find Sources -name '*.swift' -o -name '*.c' -o -name '*.h' | xargs cat | wc -l) lines"
	@begin=$$(date +%s); swift build $(RELEASE_FLAGS) && echo "built in $$(( $$(date +%s) - begin )) s"
	@for name in oms omsim; do cp -p $(BIN)/$$name $(BIN)/$$name.copy && mv -f $(BIN)/$$name.copy $(BIN)/$$name; done
	@touch $@

.PHONY: build
build: packages $(STAMP) ## Build oms and omsim, release, into .build/release

.PHONY: run
run: build ## Build what changed and start a paper session, its events on the screen
	@echo "starting a paper engine on the built-in exchange; Ctrl-C ends it. From another shell: $(BIN)/oms status"
	@exec $(BIN)/oms run --events

.PHONY: test
test: test-packages ## Lint, build, run all tests
	@SEEDS=$(TEST_SEEDS) POINTS=$(POINTS) WIRE_POINTS=$(WIRE_POINTS) scripts/test.sh

.PHONY: lint
lint: test-packages ## Check the form of the sources
	@$(COUNT) lint scripts/lint.sh

.PHONY: generate
generate: packages ## Write man/ and completions/ anew from the table of commands
	@swift build --product oms
	@.build/debug/oms __generate .

# Each sanitizer has a scratch path of its own, so that switching does not rebuild the world.
.PHONY: test-tsan
test-tsan: test-packages ## Run the tests under the thread sanitizer
	@$(COUNT) test-tsan swift test --disable-xctest --sanitize=thread --scratch-path .build/tsan

.PHONY: test-asan
# Leaks are not looked for: Swift keeps flags in its pointers, and what only such a one points to would count as leaked.
test-asan: test-packages ## Run the tests under the address sanitizer
	@ASAN_OPTIONS=detect_leaks=0 $(COUNT) test-asan swift test --disable-xctest --sanitize=address --scratch-path .build/asan

.PHONY: test-fault
test-fault: packages ## Run a real engine whose disk and clock fail on command
	@swift build --build-tests
	@scripts/build-fault.sh .build/debug .build/fault
	@$(COUNT) test-fault scripts/test-fault.sh .build/fault/oms

.PHONY: coverage
coverage: test-packages ## Line coverage per folder; BAR=95 ALL=90 fails core, risk, journal, and all of it, below
	@scripts/coverage.sh "$(BAR)" "$(ALL)"

.PHONY: golden
golden: build ## Check the arithmetic against the vectors of OMS_SHARED (default ../shared)
	@$(COUNT) golden $(BIN)/omsim golden $(OMS_SHARED)/golden

.PHONY: vectors
vectors: build ## Hold requests and answers of exchanges against the vectors of OMS_VECTORS_DIR (default ../shared/clients/vectors)
	@$(COUNT) vectors $(BIN)/omsim vectors $(OMS_VECTORS_DIR)

.PHONY: simulate
simulate: build ## Run SEEDS=N seeds of the simulator behind FROM=1, the first 100 of them twice
	@$(COUNT) simulate $(BIN)/omsim simulate --from $(FROM) --seeds $(SEEDS)
	@$(COUNT) determinism $(BIN)/omsim simulate --from $(FROM) --seeds 100 --twice

.PHONY: crash
crash: build ## Kill and recover the engine at POINTS=N points
	@$(COUNT) crash $(BIN)/omsim crash --points $(POINTS)

.PHONY: crash-wire
crash-wire: build ## The same at POINTS=N points over TCP and TLS, on an exchange that speaks Binance's protocols
	@$(COUNT) crash-wire $(BIN)/omsim crash --wire --points $(POINTS)

.PHONY: soak-wire
soak-wire: build ## 200 live accounts over TLS, 1,000 orders a second for SECONDS=N seconds while the wire fails
	@$(COUNT) soak-wire $(BIN)/omsim soak --seconds $(SECONDS)

.PHONY: recovery
recovery: build ## How long after each single fault of the wire order entry is back; JSONL
	@$(COUNT) recovery $(BIN)/omsim recovery

.PHONY: isolation
isolation: build ## What 199 live accounts notice of one that is locked or halted; JSONL
	@$(COUNT) isolation $(BIN)/omsim isolation

.PHONY: test-ws
test-ws: build ## Hold both ends of our WebSocket against the adversarial peer of OMS_SHARED
	@$(COUNT) test-ws scripts/ws.sh $(BIN)/omsim

.PHONY: test-clients
test-clients: build ## Run the clients of OMS_SHARED (ccxt, Binance's own) against `oms venue serve`, plain and encrypted
	@$(COUNT) test-clients scripts/clients.sh $(BIN)/oms

.PHONY: fuzz
fuzz: packages ## Fuzz each reader of foreign bytes for SECONDS=N seconds (default 60)
	@$(COUNT) fuzz scripts/fuzz.sh $(SECONDS)

.PHONY: bench test-benchmark
bench test-benchmark: build $(REFERENCES)/simdjson ## Measure, with the reference of each row; JSONL
	@$(BIN)/oms bench -o jsonl --references $(REFERENCES)

# What rows of the benchmark are held against that is not ours to link.
$(REFERENCES)/simdjson: scripts/references/simdjson.cpp
	@scripts/install-packages.sh libsimdjson-dev
	@mkdir -p $(REFERENCES)
	@g++ -O3 -march=native -std=c++17 -Wall -Wextra -Werror -o $@ $< -lsimdjson

.PHONY: start-order
start-order: build ## Write anew in which order the linker lays out what short commands run
	@scripts/install-packages.sh valgrind
	@scripts/start-order.sh

.PHONY: startup
startup: build ## Time whole short commands beside the least C client and redis-cli
	@scripts/install-packages.sh redis-server redis-tools
	@scripts/startup.sh

.PHONY: query
query: packages build ## Time queries of a large event log beside jq, with equal answers
	@scripts/query.sh

.PHONY: recipes
recipes: packages ## Run the recipes of OMS_SHARED against the built commands
	@$(COUNT) recipes swift test --disable-xctest --filter RecipeTests

.PHONY: install
install: build ## Install below PREFIX (default /usr/local)
	scripts/install-core.sh $(BIN)/oms $(DESTDIR)$(PREFIX)
	install -D -m 0644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/oms/LICENSE
	install -d $(DESTDIR)$(PREFIX)/share/doc/oms/configs
	install -m 0644 configs/*.yaml configs/nats.conf $(DESTDIR)$(PREFIX)/share/doc/oms/configs
	scripts/install-words.sh $(DESTDIR)$(PREFIX)/share

.PHONY: run-nats
run-nats: ## Start a NATS server with JetStream on loopback, state in a scratch directory
	@scripts/run-nats.sh

.PHONY: clean
clean: ## Remove everything built
	rm -rf .build
