# SPDX-License-Identifier: GPL-2.0-or-later
#
# memtop. `make help` lists the targets, docs/building.md tells the rest.
#
#   src/**/*.c --CC--> libmemtop.a + main.o ------------------LINK--> memtop
#   bpf/*.bpf.c --BPF--> *.bpf.o --LINK--> memtop.bpf.o --SKEL--> memtop.skel.h (read by src/live)

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

VERSION := 0.1

# --- what may be set on the command line -------------------------------------------------------

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG    ?= $(firstword $(wildcard /usr/bin/clang-14) clang)
# bpftool is in sbin on Debian, which is not in a plain user's PATH.
BPFTOOL  ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/local/sbin/bpftool) bpftool)
PKG_CONFIG ?= pkg-config
PREFIX   ?= /usr/local
SANITIZE ?= 0
V        ?= 0

ifeq ($(SANITIZE),1)
OUTPUT ?= build-sanitize
else
OUTPUT ?= build
endif
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
PROGRAMS := $(wildcard tests/programs/*.c)
FUZZERS  := $(wildcard tests/fuzz/fuzz_*.c)

OBJS     := $(SRCS:%.c=$(OUTPUT)/%.o)
MAIN_OBJ := $(MAIN:%.c=$(OUTPUT)/%.o)
BPF_OBJS := $(BPF_SRCS:%.c=$(OUTPUT)/%.o)
LIB      := $(OUTPUT)/libmemtop.a
SKEL     := $(if $(BPF_SRCS),$(OUTPUT)/memtop.skel.h)
UNIT_BINS    := $(UNITS:tests/unit/%.c=$(OUTPUT)/tests/%)
LIVE_BINS    := $(LIVES:tests/live/%.c=$(OUTPUT)/live/%)
PROGRAM_BINS := $(PROGRAMS:tests/programs/%.c=$(OUTPUT)/programs/%)
FUZZ_BINS    := $(FUZZERS:tests/fuzz/%.c=$(OUTPUT)/fuzz/%)

# --- flags -------------------------------------------------------------------------------------

PKGS := libbpf libdw libelf zlib

CFLAGS   ?= -O2 -g
ALL_CFLAGS = -std=gnu11 -Wall -Wextra -Werror $(CFLAGS) $(SAN_FLAGS) -D_GNU_SOURCE= \
	     -DMEMTOP_VERSION='"$(VERSION)"' -Isrc -Ibpf -I$(OUTPUT) $(CPPFLAGS) $(PKG_CFLAGS)
ALL_LDLIBS = $(PKG_LIBS) -liberty -lm -lpthread $(LDLIBS)
ifeq ($(SANITIZE),1)
SAN_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

BPF_CFLAGS := -target bpf -mcpu=v3 -g -O2 -Wall -Werror -D__TARGET_ARCH_x86 -Ivmlinux -Ibpf

# Test programs stand for what distributions ship: optimised, and without frame pointers.
PROGRAM_CFLAGS := -std=gnu11 -Wall -Wextra -O2 -g -fomit-frame-pointer -fno-inline \
		  -fno-optimize-sibling-calls -fno-builtin-malloc -pthread

# Targets that only hand on to a script, or clean up, need no libraries to be there.
QUICK := help clean demo check fmt fmt-check lint-includes dist check-kernels
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

$(OUTPUT)/bpf/%.bpf.o: bpf/%.bpf.c $(OUTPUT)/.flags
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(OUTPUT)/memtop.bpf.o: $(BPF_OBJS) $(OUTPUT)/.sources
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $(BPF_OBJS)

$(OUTPUT)/memtop.skel.h: $(OUTPUT)/memtop.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name memtop_bpf > $@

$(OUTPUT)/tests/%: tests/unit/%.c $(LIB) $(OUTPUT)/.flags
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -MF $@.d -o $@ $< $(LIB) -lcmocka $(ALL_LDLIBS)

$(OUTPUT)/live/%: tests/live/%.c $(LIB) $(OUTPUT)/.flags
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -MF $@.d -o $@ $< $(LIB) -lcmocka $(ALL_LDLIBS)

$(OUTPUT)/programs/%: tests/programs/%.c $(OUTPUT)/.flags
	$(call say,PROG,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PROGRAM_CFLAGS) -MMD -MP -MF $@.d -o $@ $< -ldl -lm

-include $(OBJS:.o=.d) $(MAIN_OBJ:.o=.d) $(BPF_OBJS:.o=.d) $(UNIT_BINS:=.d) $(LIVE_BINS:=.d) $(PROGRAM_BINS:=.d)

.PHONY: units lives programs
units: $(UNIT_BINS)
lives: $(LIVE_BINS)
programs: $(PROGRAM_BINS)

.PHONY: clean
clean:
	rm -rf build build-* memtop

.PHONY: help
help:
	@sed -n 's/^#: //p' Makefile
#: make               build ./memtop (CC=clang, V=1, SANITIZE=1, OUTPUT=dir)
#: make clean         remove all that was built
