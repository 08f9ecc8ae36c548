# Run `make` to see what can be done.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Without git, or in a source archive, the version is "devel".
VERSION ?= $(or $(shell git describe --tags --always --dirty 2>/dev/null),devel)
LDFLAGS := -X main.version=$(VERSION)
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
PLATFORMS := linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64

# What a target can be given: make serve ARGS="--strict", make test TESTFLAGS=-race,
# make fuzz FUZZTIME=5m.
ARGS ?=
TESTFLAGS ?=
FUZZTIME ?= 10s

.PHONY: help
help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# -buildvcs=false: the version is stamped above, and a checkout that git
# distrusts (another owner, as in containers) must build all the same.
.PHONY: build
build: ## Build bin/acqsim for this machine.
	go build -buildvcs=false -trimpath -ldflags '$(LDFLAGS)' -o bin/acqsim ./cmd/acqsim

.PHONY: serve
serve: build ## Answer terminals on :8583, :8584 and :8585 (more flags in ARGS).
	./bin/acqsim serve $(ARGS)

.PHONY: test
test: ## Run every test (flags for go test in TESTFLAGS, such as -race).
	go test $(TESTFLAGS) ./...

# ACQSIM_TEST_ALL is what simulator/suite/library_test.go asks for. -count=1: a
# result from the cache proves nothing about flakiness.
.PHONY: test-all
test-all: ## Run every firmware bug, dialect and profile in every scenario, and 20 seeds.
	ACQSIM_TEST_ALL=1 go test $(TESTFLAGS) -count=1 -timeout 60m ./simulator/suite

.PHONY: lint
lint: ## Check the format of the code and run the linters of .golangci.yml.
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "gofmt -w is needed on:" $$unformatted >&2; exit 1; fi
	go run $(GOLANGCI) run ./...

.PHONY: cross-vet
cross-vet: ## Run go vet for every platform that binaries are made for.
	@for platform in $(PLATFORMS); do \
		echo "go vet for $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go vet ./...; \
	done

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (10s).
	.ci/fuzz $(FUZZTIME)

.PHONY: bench
bench: ## Measure messages per second against a raw loopback echo, as one table.
	go run ./cmd/acqsim-bench $(ARGS)

.PHONY: dist
dist: ## Build static binaries for every platform into dist/, with SHA256SUMS.
	@rm -rf dist && mkdir -p dist
	@for platform in $(PLATFORMS); do \
		os=$${platform%/*} arch=$${platform#*/} suffix=; \
		if [ $$os = windows ]; then suffix=.exe; fi; \
		file=acqsim_$(VERSION)_$${os}_$$arch$$suffix; \
		echo "dist/$$file"; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -buildvcs=false -trimpath -ldflags '-s -w $(LDFLAGS)' -o dist/$$file ./cmd/acqsim; \
	done
	@cd dist && if command -v sha256sum >/dev/null; then sha256sum acqsim_* >SHA256SUMS; else shasum -a 256 acqsim_* >SHA256SUMS; fi

.PHONY: clean
clean: ## Remove what the other targets have built.
	rm -rf bin dist
