# Two commands bring a newcomer all the way: `make demo` shows the whole journey, `make test` checks all of it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: setup setup-test build build-tests entrypoint demo test bench fuzz trainers format lint install clean

PREFIX ?= /usr/local
SOURCES := Sources Tests Package.swift
# The prefix map keeps this checkout's path out of the programs, so that the entrypoint layer is the same everywhere.
RELEASE := swift build -c release -Xcc -ffile-prefix-map=$(CURDIR)=.

setup: ## what building and the sandbox need
	@scripts/setup.sh

setup-test: ## and what only the tests need
	@scripts/setup.sh --test

build:
	$(RELEASE) --product caasctl
	$(RELEASE) --product caas-entrypoint

build-tests: ## the programs and their tests; the check of the modules' arrows costs no build of its own here
	$(RELEASE) --build-tests --explicit-target-dependency-import-check error

entrypoint: build ## the layer that `caasctl build` puts into every image with a program
	.build/release/caasctl entrypoint pack

demo: setup entrypoint
	@scripts/demo.sh

test: ## setup, build, lint and every test, each step timed
	@scripts/test.sh

bench: setup setup-test entrypoint ## beside umoci, s5cmd, rclone and the aws cli; never part of `test`
	@scripts/bench.sh

fuzz: setup ## damaged input for every parser, CAASCTL_FUZZ_SECONDS (600) each; never part of `test`
	@scripts/fuzz.sh

trainers: setup build-tests ## the checkpoints of real training libraries, 3 GB from PyPI; never part of `test`
	@scripts/trainers.sh

format:
	swift format --in-place --recursive --parallel $(SOURCES)

lint:
	swift format lint --strict --recursive --parallel $(SOURCES)
	python3 scripts/edges.py
	@if command -v shellcheck >/dev/null; then shellcheck -x -P SCRIPTDIR scripts/*.sh .ci/run; fi

install: ## PREFIX=/usr/local, DESTDIR for packagers
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/libexec/caasctl"
	install -s -m 0755 .build/release/caasctl "$(DESTDIR)$(PREFIX)/libexec/caasctl/caasctl"
	install -m 0644 .build/release/built-from.json "$(DESTDIR)$(PREFIX)/libexec/caasctl/built-from.json"
	rm -rf "$(DESTDIR)$(PREFIX)/libexec/caasctl/entrypoint"
	cp -R .build/release/entrypoint "$(DESTDIR)$(PREFIX)/libexec/caasctl/entrypoint"
	ln -sfn ../libexec/caasctl/caasctl "$(DESTDIR)$(PREFIX)/bin/caasctl"

clean: ## what was built; the tools under .cache stay
	rm -rf .build .cache/demo
