# SPDX-License-Identifier: GPL-2.0-or-later
#
# memtop. `make help` lists the targets, docs/building.md tells the rest.
#
#   src/**/*.c --CC--> libmemtop.a + main.o ------------------LINK--> memtop
#   src/export/profile.proto --PROTO--> profile.pb-c.{c,h} --CC--> libmemtop.a
#   web/ --PAGE--> page.html --AS--> libmemtop.a
#   bpf/*.bpf.c --BPF--> *.bpf.o --LINK--> memtop.bpf.o --SKEL--> memtop.skel.h (read by src/live)

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

VERSION := 0.1

# --- what may be set on the command line -------------------------------------------------------

ifeq ($(origin CC),default)
CC := gcc
endif
CXX := $(if $(findstring clang,$(CC)),clang++,g++)
CLANG    ?= $(firstword $(wildcard /usr/bin/clang-14) clang)
# bpftool is in sbin on Debian, which is not in a plain user's PATH.
BPFTOOL  ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
PROTOC_C ?= protoc-c
PREFIX   ?= /usr/local
SANITIZE ?= 0
V        ?= 0

# SANITIZE=1: ASan and UBSan.  SANITIZE=fuzz: those and libFuzzer's counters, needs CC=clang.
OUTPUT ?= $(if $(filter 1,$(SANITIZE)),build-sanitize,$(if $(filter fuzz,$(SANITIZE)),build-fuzz,build))
BIN := $(if $(filter build,$(OUTPUT)),memtop,$(OUTPUT)/memtop)

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# --- what is built -----------------------------------------------------------------------------

SRCS     := $(shell find src -name '*.c' ! -path src/main.c | LC_ALL=C sort)
MAIN     := $(wildcard src/main.c)
BPF_SRCS := $(wildcard bpf/*.bpf.c)
UNITS    := $(wildcard tests/unit/test_*.c)
LIVES    := $(wildcard tests/live/test_*.c)
CONSUMERS := $(wildcard tests/consumers/*.c)
PROGRAMS := $(wildcard tests/programs/*.c tests/programs/*.cc)
FUZZERS  := $(wildcard tests/fuzz/fuzz_*.c)

OBJS     := $(SRCS:%.c=$(OUTPUT)/%.o) $(OUTPUT)/profile.pb-c.o $(OUTPUT)/page_asset.o
MAIN_OBJ := $(MAIN:%.c=$(OUTPUT)/%.o)
BPF_OBJS := $(BPF_SRCS:%.c=$(OUTPUT)/%.o)
UNWINDER_OBJS := $(patsubst %,$(OUTPUT)/bpf/%.bpf.o,stack code_map window python python_code)
LIB      := $(OUTPUT)/libmemtop.a
SKEL     := $(if $(BPF_SRCS),$(OUTPUT)/memtop.skel.h)
UNIT_BINS    := $(UNITS:tests/unit/%.c=$(OUTPUT)/tests/%)
LIVE_BINS    := $(LIVES:tests/live/%.c=$(OUTPUT)/live/%)
CONSUMER_BINS := $(CONSUMERS:tests/consumers/%.c=$(OUTPUT)/consumers/%)
# Programs that need more than the common flags have their rules there, and are left out here.
-include tests/programs/programs.mk
PROGRAM_BINS := $(patsubst tests/programs/%,$(OUTPUT)/programs/%,$(basename \
		$(filter-out $(PROGRAMS_APART),$(PROGRAMS)))) $(PROGRAM_APART_BINS)
FUZZ_BINS    := $(FUZZERS:tests/fuzz/%.c=$(OUTPUT)/fuzz/%)
BENCH_PAIRS  := $(addprefix $(OUTPUT)/bench/,pairs floor floor.bpf.o)
BENCH_UNWIND := $(addprefix $(OUTPUT)/bench/,unwind stacks stacks-framed)

# --- flags -------------------------------------------------------------------------------------

COMMA := ,
PKGS := libbpf libdw libelf zlib liblzma yajl ncursesw libprotobuf-c sqlite3

CFLAGS   ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -Wall -Wextra -Werror $(CFLAGS) $(SAN_FLAGS) -D_GNU_SOURCE= \
	     -DMEMTOP_VERSION=\"$(VERSION)\" -Isrc -Ibpf -I$(OUTPUT) $(CPPFLAGS) $(PKG_CFLAGS)
ALL_LDLIBS = $(PKG_LIBS) -liberty -lm -lpthread $(LDLIBS)
SAN_FLAGS :=
ifneq ($(SANITIZE),0)
SAN_FLAGS := -fsanitize=address,undefined$(if $(filter fuzz,$(SANITIZE)),$(COMMA)fuzzer-no-link) \
	     -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

BPF_CFLAGS := -target bpf -mcpu=v3 -g -O2 -Wall -Werror -D__TARGET_ARCH_x86 -Ivmlinux -Ibpf

# Test programs stand for what distributions ship: optimised, and without frame pointers.
PROGRAM_CFLAGS := -Wall -Wextra -O2 -g -fomit-frame-pointer -fno-inline \
		  -fno-optimize-sibling-calls -fno-builtin-malloc -pthread

# Targets that only hand on to a script, or clean up, need no libraries to be there.
QUICK := help clean deps demo check check-unit check-live check-unwind check-kernels fuzz bench \
	 bench-python bench-unwind fmt fmt-check lint-includes dist uninstall
ifneq ($(filter-out $(QUICK),$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)
ifeq ($(PKG_LIBS),)
$(error memtop cannot be built yet, a library or pkg-config is missing; `tools/install-deps build` installs all of it)
endif
endif

# --- building ----------------------------------------------------------------------------------

.PHONY: all
all: $(if $(MAIN),$(BIN)) $(LIB)

# A stamp changes only when its text does, so another CC, other flags or a removed source rebuild
# what depends on them and a plain second `make` does nothing.
stamp = $(shell mkdir -p $(OUTPUT); printf '%s\n' '$(subst ','\'',$(2))' | cmp -s - $(OUTPUT)/$(1) || \
	  printf '%s\n' '$(subst ','\'',$(2))' > $(OUTPUT)/$(1))
ifneq ($(filter-out $(QUICK),$(or $(MAKECMDGOALS),all)),)
$(call stamp,.flags,$(CC) $(ALL_CFLAGS) $(ALL_LDLIBS) $(CLANG) $(BPF_CFLAGS) $(PROGRAM_CFLAGS))
$(call stamp,.sources,$(SRCS) $(BPF_SRCS))
endif

$(BIN): $(MAIN_OBJ) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SAN_FLAGS) $(LDFLAGS) -o $@ $(MAIN_OBJ) $(LIB) $(ALL_LDLIBS)

$(LIB): $(OBJS) $(OUTPUT)/.sources
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)ar rcs $@ $(OBJS)

$(OUTPUT)/src/%.o: src/%.c $(OUTPUT)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(filter $(OUTPUT)/src/live/%,$(OBJS)): | $(SKEL)

# The encoder of pprof profiles.
$(OUTPUT)/profile.pb-c.c $(OUTPUT)/profile.pb-c.h &: src/export/profile.proto
	$(call say,PROTO,$<)
	$(Q)$(PROTOC_C) --proto_path=src/export --c_out=$(OUTPUT) $(<F)

$(OUTPUT)/profile.pb-c.o: $(OUTPUT)/profile.pb-c.c $(OUTPUT)/.flags
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The page of memtop html. Without npm, or a network the first time, memtop is built without it.
WEB := $(filter-out web/node_modules/%,$(wildcard web/*.js web/*.mjs web/*.css web/*.html web/*.json))
$(OUTPUT)/web/page.html: $(WEB)
	$(call say,PAGE,$@)
	$(Q)mkdir -p $(@D)
	$(Q)web/build $@

$(OUTPUT)/page_asset.o: src/export/page_asset.S $(OUTPUT)/web/page.html
	$(call say,AS,$<)
	$(Q)$(CC) -I$(OUTPUT) -c -o $@ $<

$(filter $(OUTPUT)/src/export/%,$(OBJS)): | $(OUTPUT)/profile.pb-c.h

$(OUTPUT)/bpf/%.bpf.o: bpf/%.bpf.c $(OUTPUT)/.flags
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(OUTPUT)/memtop.bpf.o: $(BPF_OBJS) $(OUTPUT)/.sources
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $(BPF_OBJS)

# What walks a stack, without what asks for one: for the tests and benchmarks of it.
$(OUTPUT)/unwinder.bpf.o: $(UNWINDER_OBJS)
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(OUTPUT)/memtop.skel.h: $(OUTPUT)/memtop.bpf.o
	$(call say,SKEL,$@)
	$(Q){ echo '// NOLINTBEGIN'; $(BPFTOOL) gen skeleton $< name memtop_bpf && \
		echo '// NOLINTEND'; } > $@

$(OUTPUT)/tests/%: tests/unit/%.c $(LIB) $(OUTPUT)/.flags
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -MF $@.d -o $@ $< $(LIB) -lcmocka $(ALL_LDLIBS)

$(OUTPUT)/live/%: tests/live/%.c $(LIB) $(OUTPUT)/.flags
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -MF $@.d -o $@ $< $(LIB) -lcmocka $(ALL_LDLIBS)

$(OUTPUT)/consumers/%: tests/consumers/%.c $(LIB) $(OUTPUT)/.flags
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -MF $@.d -o $@ $< $(LIB) -lcmocka $(ALL_LDLIBS)

$(OUTPUT)/programs/%: tests/programs/%.c $(OUTPUT)/.flags
	$(call say,PROG,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(PROGRAM_CFLAGS) -MMD -MP -MF $@.d -o $@ $< -ldl -lm

$(OUTPUT)/programs/%: tests/programs/%.cc $(OUTPUT)/.flags
	$(call say,PROG,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(PROGRAM_CFLAGS) -MMD -MP -MF $@.d -o $@ $< -ldl -lm

$(OUTPUT)/bench/pairs: tools/bench/pairs.c $(OUTPUT)/.flags
	$(call say,BENCH,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(PROGRAM_CFLAGS) -o $@ $<

$(OUTPUT)/bench/floor: tools/bench/floor.c $(LIB) $(OUTPUT)/.flags
	$(call say,BENCH,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $< $(LIB) $(ALL_LDLIBS)

$(OUTPUT)/bench/floor.bpf.o: tools/bench/floor.bpf.c $(OUTPUT)/.flags
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(OUTPUT)/bench/unwind: tools/bench/unwind.c tests/unwind/measuring.c $(OUTPUT)/bench/unwind.skel.h
	$(call say,BENCH,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unwind -I$(@D) -o $@ $(filter %.c,$^) $(ALL_LDLIBS)

$(OUTPUT)/bench/unwind.skel.h: tools/bench/unwind.bpf.c tools/bench/unwind.h \
		$(OUTPUT)/unwinder.bpf.o
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $(@D)/unwind.bpf.o $<
	$(Q)$(BPFTOOL) gen object $(@D)/unwind.o $(@D)/unwind.bpf.o $(OUTPUT)/unwinder.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $(@D)/unwind.o name unwind_bpf > $@

$(OUTPUT)/bench/stacks $(OUTPUT)/bench/stacks-framed: tools/bench/stacks.c $(OUTPUT)/.flags
	$(call say,BENCH,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(PROGRAM_CFLAGS) -D_GNU_SOURCE \
		$(if $(filter %-framed,$@),-fno-omit-frame-pointer) -o $@ $<

$(OUTPUT)/fuzz/%: tests/fuzz/%.c $(LIB) $(OUTPUT)/.flags
	$(call say,FUZZER,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ $< $(LIB) $(ALL_LDLIBS)

-include $(OBJS:.o=.d) $(MAIN_OBJ:.o=.d) $(BPF_OBJS:.o=.d)
-include $(UNIT_BINS:=.d) $(LIVE_BINS:=.d) $(CONSUMER_BINS:=.d) $(PROGRAM_BINS:=.d) $(FUZZ_BINS:=.d)

.PHONY: units lives consumers programs fuzzers benches unwind
units: $(UNIT_BINS)
lives: $(LIVE_BINS)
consumers: $(CONSUMER_BINS)
programs: $(PROGRAM_BINS)
fuzzers: $(FUZZ_BINS)
benches: $(BENCH_PAIRS) $(BENCH_UNWIND)
unwind: all $(OUTPUT)/unwinder.bpf.o
	@$(MAKE) --no-print-directory -C tests/unwind TOP=$(abspath $(OUTPUT)) \
		OUT=$(abspath $(OUTPUT))/unwind

# --- trying it ---------------------------------------------------------------------------------

# The library flags are looked up when make starts, so what needs packages installed first hands
# on to a second make.
.PHONY: deps demo bench bench-python bench-unwind
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
deps:
	@tools/install-deps build

demo: deps
	@$(MAKE) --no-print-directory all $(OUTPUT)/programs/demo
	@tools/demo $(PID)

bench:
	@tools/install-deps build bench
	@$(MAKE) --no-print-directory all $(BENCH_PAIRS)
	@tools/bench/run

bench-python:
	@tools/install-deps build bench
	@$(MAKE) --no-print-directory all
	@tools/bench/python

bench-unwind:
	@tools/install-deps build
	@$(MAKE) --no-print-directory all $(BENCH_UNWIND)
	@$(SUDO) $(OUTPUT)/bench/unwind $(BIN) $(OUTPUT)/bench/stacks $(OUTPUT)/bench/stacks-framed

# --- checking it -------------------------------------------------------------------------------

.PHONY: check check-unit check-live check-unwind check-kernels fuzz
check:
	@tools/install-deps build test
	@tools/check all

check-unit check-live check-unwind: check-%:
	@tools/install-deps build test
	@tools/check $*

check-kernels:
	@tools/install-deps build kernels
	@tools/check kernels

fuzz:
	@tools/install-deps build test
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) tools/check fuzz

C_FILES = $(shell git ls-files '*.c' '*.h' ':!vmlinux')

.PHONY: fmt fmt-check lint lint-includes
fmt:
	@clang-format -i $(C_FILES)

# clang-format leaves comments and strings as they are, so their width is looked at apart.
fmt-check:
	@clang-format --dry-run --Werror $(C_FILES)
	@perl -ne 'utf8::decode($$_); chomp; 1 while s/^([^\t]*)\t/$$1 . " " x (8 - length($$1) % 8)/e; \
		print "$$ARGV:$$.: wider than 100 columns\n" and $$wide = 1 if length > 100; \
		close ARGV if eof; END { exit $$wide }' $(C_FILES)

lint-includes:
	@tools/lint-includes

lint: lint-includes $(SKEL) $(OUTPUT)/profile.pb-c.h
	$(Q)printf '%s\n' $(SRCS) $(MAIN) | xargs -P "$$(nproc)" -n 4 sh -c \
		'clang-tidy --quiet "$$@" -- $(filter-out -Werror,$(ALL_CFLAGS))' lint

# --- installing it -----------------------------------------------------------------------------

.PHONY: install uninstall dist clean
install: all
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/memtop
	install -D -m 644 man/memtop.1 $(DESTDIR)$(PREFIX)/share/man/man1/memtop.1
	install -D -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/memtop/README.md

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/memtop $(DESTDIR)$(PREFIX)/share/man/man1/memtop.1
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/memtop

dist:
	@mkdir -p $(OUTPUT)
	git archive --prefix=memtop-$(VERSION)/ -o $(OUTPUT)/memtop-$(VERSION).tar.gz HEAD

clean:
	rm -rf build build-sanitize build-fuzz build-clang memtop

.PHONY: help
help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

#: make                build ./memtop
#: make demo           install what is missing, build, show memtop on a demo program (PID=n: on yours)
#: make check          install what is missing, build, run every test of this machine
#: make check-unit     the unit tests, plain and under ASan and UBSan
#: make check-live     the tests that measure real processes (root)
#: make check-unwind   the unwinder against libdwfl, frame for frame (root)
#: make check-kernels  boot Debian's 6.1 and 6.12 kernels and test there
#: make benches        build the benchmarks, and run none
#: make bench          what a malloc/free pair costs under memtop, empty probes and bpftrace
#: make bench-python   what watching costs Python programs: memtop's modes, tracemalloc, memory_profiler
#: make bench-unwind   what a walk of the stack costs, beside bpf_get_stackid (root)
#: make fuzz           fuzz each parser for FUZZ_SECONDS (60)
#: make lint           clang-tidy and the layers of docs/layers.md
#: make fmt            format the sources (fmt-check: only say what differs)
#: make install        to PREFIX (/usr/local), under DESTDIR; uninstall takes it away
#: make dist           a tar file of the last commit
#: make clean          remove what was built
#:
#: CC=clang  V=1  SANITIZE=1 (in build-sanitize)  OUTPUT=dir (memtop is then dir/memtop)
