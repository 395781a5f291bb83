# `make help` lists the targets. The work is done by CMake (see CMakePresets.json); this file only names it.
PREFIX ?= /usr/local
DESTDIR ?=
# Arguments of the benchmark, e.g. make bench BENCH_ARGS="--megabytes 50 --pairs 5"
BENCH_ARGS ?=
FUZZ_SECONDS ?= 60

# Sources have changed as soon as a file appears: CMake looks again on every build (CONFIGURE_DEPENDS).
configure = cmake --preset $(1) $(if $(wildcard $(2)/CMakeCache.txt),>/dev/null)

.PHONY: all deps build test demo bench format lint asan tsan fuzz install clean help
all: build

deps: ## Install what building and testing needs (Debian packages; as root or through sudo)
	scripts/install-deps.sh --test

build: ## Build build/gf-otlp
	$(call configure,release,build)
	cmake --build --preset release

test: ## Build and run every test, warnings as errors
	$(call configure,dev,build-dev)
	cmake --build --preset dev
	scripts/run_tests.sh build-dev

demo: ## Install what is needed, build, and convert the shipped capture
	scripts/install-deps.sh
	$(MAKE) --no-print-directory build
	scripts/demo.sh build/gf-otlp testdata/captures/plain

bench: ## Measure speed and memory beside the references (BENCH_ARGS="--help" lists options)
	$(call configure,bench,build-bench)
	cmake --build --preset bench --target bench_programs
	bench/run_bench.py --build build-bench $(BENCH_ARGS)

format: ## Format the C++ sources
	scripts/format.sh

lint: ## Check the formatting, then clang-tidy over src/
	scripts/format.sh --check
	$(call configure,lint,build-lint)
	scripts/lint.sh build-lint

asan: ## Run every test under AddressSanitizer and UndefinedBehaviorSanitizer
	$(call configure,asan,build-asan)
	cmake --build --preset asan
	ROWS_TEST_COUNT=2000 scripts/run_tests.sh build-asan

tsan: ## Run every test under ThreadSanitizer
	$(call configure,tsan,build-tsan)
	cmake --build --preset tsan
	scripts/run_tests.sh build-tsan

fuzz: ## Run each libFuzzer target for FUZZ_SECONDS
	$(call configure,fuzz,build-fuzz)
	cmake --build --preset fuzz
	scripts/fuzz.sh build-fuzz $(FUZZ_SECONDS)

install: build ## Install below PREFIX (default /usr/local); DESTDIR is put in front
	DESTDIR=$(DESTDIR) cmake --install build --prefix $(PREFIX)

clean: ## Remove everything that was built
	rm -rf build build-dev build-asan build-tsan build-fuzz build-bench build-lint build-rdkafka

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
