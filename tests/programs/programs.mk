# SPDX-License-Identifier: GPL-2.0-or-later
# Read by the top Makefile: the programs that tests/programs/Makefile builds, in all their variants.

.DEFAULT_GOAL := all
PROGRAMS_APART := $(addprefix tests/programs/,accounts.c allocators.c checksum.c exits.c forks.c kinds.c \
		  kinds_cxx.cc oracle.c peak.c phantom.c residency.c small.c threads.c touch.c)
PROGRAM_APART_BINS := programs-apart

.PHONY: programs-apart
programs-apart:
	@$(MAKE) --no-print-directory -C tests/programs OUT=$(abspath $(OUTPUT))/programs CC=gcc CXX=g++
