# SPDX-License-Identifier: GPL-3.0-or-later
# The thin front of the Meson build. `make run` and `make test` do everything on a bare Debian.
BUILD   := build
PREFIX  := /usr
DESTDIR :=
INPUT   :=
SOAK    :=
ONUS    := $(BUILD)/src/prog/onus/onus

.PHONY: all run test bench fuzz soak install clean format
all: packages-build $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

packages-%:
	@tools/install-packages $*

$(BUILD)/build.ninja:
	@meson setup --prefix=$(PREFIX) $(BUILD) >/dev/null

# Logs and lists: make run INPUT="FILE…"; without it the machine's own logs, where there are any, else a
# simulation. Ctrl-C ends it.
run: packages-run all
	@tools/get-registry $(ONUS) $(BUILD)/run
	@exec $(ONUS) run --dir $(BUILD)/run --program-dir $(BUILD)/src/prog --data-dir . $(INPUT)

test: packages-build packages-run packages-test
	@tools/run-tests

bench: packages-bench all
	@bench/run

# Each target for FUZZ_SECONDS, from its corpus.
fuzz: packages-build packages-test
	@tools/run-fuzz

# The loader, and a sensor's, with a fault at every system call and every SQL request, on three engines;
# SOAK="--count 12000 --seed 7": a sample.
soak: packages-build packages-run packages-test all
	@ONUS_BUILD="$(abspath $(BUILD))" ONUS_SOURCE="$(CURDIR)" tests/faults/faults.py $(SOAK)

install: all
	@DESTDIR="$(DESTDIR)" meson install -C $(BUILD) --no-rebuild --quiet

format:
	@clang-format-14 -i $$(git ls-files '*.c' '*.h')

clean:
	@rm -rf $(BUILD)
