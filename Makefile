# spanwatch: `make` alone prints this help.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN    := bin/spanwatch
SHARED ?= ../shared
OUT    ?= out
GO     := go
# Packages are found by the go tool; the binary is remade when any source is newer.
SOURCES := $(shell find sensor bpf decoders signatures exporter -name '*.go' -o -name '*.json' -o -name '*.h' -o -name '*.c') go.mod go.sum

##@ Use
# The bundled database knows the capture's addresses; one that make geoip has
# fetched is used as well.
GEOIP := $(foreach db,testdata/geoip/test.mmdb $(wildcard .cache/geoip/*.mmdb),--geoip $(db))
.PHONY: demo
demo: $(BIN) ## Replay the bundled office capture with the bundled rules (LISTEN=127.0.0.1:9750 serves metrics)
	$(BIN) replay testdata/pcap/office.pcapng -r testdata/rules/demo.rules -o $(OUT)/demo --summary $(GEOIP) \
		$(if $(LISTEN),--listen $(LISTEN) --stay)

.PHONY: build
build: $(BIN) ## Build bin/spanwatch
$(BIN): $(SOURCES) $(wildcard sensor/default.pgo) | deps-build
	@mkdir -p bin
	$(GO) build -o $@ ./sensor

.PHONY: geoip
geoip: ## Fetch the free country database (npm package, CC0) for people who have none
	$(GO) run ./sensor/internal/geofetch

##@ Develop
.PHONY: test
test: deps-build deps-net ## Format, vet, lint, and run every test
	@unformatted=$$(gofmt -l bpf decoders exporter sensor signatures); \
		if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test -timeout 15m ./...

.PHONY: race
race: deps-build ## Run the tests of everything concurrent under the race detector
	$(GO) test -race ./sensor/... ./exporter/... ./signatures/

T ?= 30s
.PHONY: fuzz
fuzz: deps-build ## Fuzz every parser for T each (make fuzz T=10m)
	@for pkg in $$(grep -rlE '^func Fuzz' --include=*_test.go . | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -hoE '^func Fuzz\w+' $$pkg/*_test.go | awk '{print $$2}'); do \
			echo "== $$pkg $$f"; $(GO) test -run xxx -fuzz "^$$f$$" -fuzztime $(T) -fuzzminimizetime 5x $$pkg || exit 1; \
		done; \
	done

.PHONY: bench
bench: deps-build ## Go benchmarks of decode, flow table, prefilter, encoding, and of accounting in the kernel (root)
	$(GO) test -run xxx -bench . -benchmem ./decoders/... ./sensor/flow ./sensor/capture/... ./signatures/... ./exporter/event
	$(GO) test -run xxx -bench . -benchtime 1x ./bpf/bench
	$(GO) test -run xxx -bench . -benchtime 10x ./bpf

PGO_CAPTURES ?= testdata/pcap/office.pcapng
PGO_RULES    ?= testdata/rules/demo.rules
# Its name stands in the profile, so that it is no folder of anybody's own.
PGO_DIR      := /tmp/spanwatch-pgo
.PHONY: pgo
pgo: deps-build ## Profile replays of PGO_CAPTURES with PGO_RULES into sensor/default.pgo, which tells the compiler what is hot
	@rm -rf $(PGO_DIR); mkdir $(PGO_DIR); $(GO) build -trimpath -o $(PGO_DIR)/spanwatch ./sensor; \
	for capture in $(PGO_CAPTURES); do \
		$(PGO_DIR)/spanwatch replay $$capture -r $(PGO_RULES) -o $(PGO_DIR) --quiet --workers 1 --listen 127.0.0.1:9753 --set metrics.pprof=true --stay & \
		until $(GO) tool pprof -proto -seconds 15 -output $(PGO_DIR)/$$(basename $$capture).pprof http://127.0.0.1:9753/debug/pprof/profile >$(PGO_DIR)/log 2>&1; do kill -0 $$! || { cat $(PGO_DIR)/log; exit 1; }; sleep 0.1; done; \
		kill $$!; wait $$!; \
	done; \
	$(GO) tool pprof -proto -output sensor/default.pgo $(PGO_DIR)/*.pprof; rm -r $(PGO_DIR)

.PHONY: bench-peers
bench-peers: $(BIN) ## Ratios beside Suricata, tshark and softflowd on one capture
	$(GO) run ./sensor/internal/benchpeers

.PHONY: bench-live
bench-live: $(BIN) ## Packets per second without loss, beside suricata --af-packet on the same interface (root; RULES=FILE for both)
	$(GO) run ./sensor/internal/benchpeers -parts live $(if $(RULES),-rules $(RULES))

CASES   ?= $(SHARED)/conformance/dev
RESULTS ?= $(OUT)/conformance
.PHONY: conformance
conformance: $(BIN) ## Run every case below CASES and print the tiers (FIELDS=1: members of records too)
	$(GO) run ./sensor/internal/conformance -cases $(CASES) -results $(RESULTS) -scorer $(SHARED)/conformance/score.py $(if $(FIELDS),-fields)

RULES    ?= testdata/rules/demo.rules
CAPTURES ?= testdata/pcap
DIFF     ?=
.PHONY: diff-suricata
diff-suricata: deps-build ## Where Suricata 8 and spanwatch disagree (RULES="…" CAPTURES="…" DIFF="-records -json FILE")
	$(GO) run ./sensor/internal/diffsuricata $(DIFF) -rules "$(RULES)" -captures "$(CAPTURES)"

MUTATE ?= -batches 5 -size 1000
.PHONY: mutate-suricata
mutate-suricata: deps-build ## Make rules that nearly match by the thousand and compare them with Suricata 8 (MUTATE="-seed 7 …")
	$(GO) run ./sensor/internal/diffsuricata mutate $(MUTATE) -rules "$(RULES)" -captures "$(CAPTURES)"

.PHONY: diff-counters
diff-counters: deps-build ## Compare the counters of stats events with Suricata 8 (CAPTURES="a.pcap captures/")
	$(GO) run ./sensor/internal/diffsuricata counters -captures "$(CAPTURES)" $(DIFF)

FAMILIES ?= -every 4
.PHONY: families-suricata
families-suricata: deps-build ## Compare rules of each part of the language with Suricata 8 (FAMILIES="-family bytes -seed 2 …")
	$(GO) run ./sensor/internal/diffsuricata families $(FAMILIES) -captures "$(CAPTURES)"

.PHONY: kafka
kafka: deps-test ## Run a real Kafka broker on 127.0.0.1:9092 until interrupted
	$(GO) run ./sensor/internal/kafkatest/cmd

.PHONY: test-kafka
test-kafka: deps-test ## Every test against real Kafka brokers, also those that CI leaves out
	SPANWATCH_KAFKA_ALL=1 $(GO) test -timeout 30m -v ./exporter/kafka ./sensor/internal/kafkatest ./sensor/internal/kafkafaults

.PHONY: kafka-faults
kafka-faults: deps-test ## Break brokers, network, disk and sensor under load; a table of what became of the events
	$(GO) run ./sensor/internal/kafkafaults

.PHONY: bench-kafka
bench-kafka: deps-test deps-bench ## Events per second into a real broker, beside kcat and Kafka's own producer
	$(GO) run ./sensor/internal/benchkafka

.PHONY: generate
generate: deps-test ## Compile the kernel programs of bpf/src again (clang 14)
	$(GO) generate ./bpf/...

.PHONY: captures
captures: ## Record the bundled captures again, in network namespaces (root, a few minutes)
	$(GO) run ./sensor/internal/record -install

.PHONY: golden
golden: ## Rewrite golden files and generated tables; look at the diff
	$(GO) test ./exporter/... ./signatures/... ./sensor/... -update

.PHONY: clean
clean: ## Remove what make made
	rm -rf bin $(OUT)

##@ Set-up
.PHONY: deps-build deps-net deps-test deps-bench
deps-build:
	@.ci/deps build
deps-net:
	@.ci/deps net
deps-test: ## Install what the comparison tests need (tshark, Java, clang and more)
	@.ci/deps test
deps-bench:
	@.ci/deps bench

.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
