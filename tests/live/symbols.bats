#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What frames are called, and code of unusual make.

load common

@test "inlined functions, C++ names, files and lines" {
	live symbols.py inlined
}

@test "the same from a separate debug file" {
	live symbols.py separate
}

@test "the same where dwz has moved a part into a common file" {
	live symbols.py common
}

@test "names from a compressed symbol table only" {
	live symbols.py mini
}

@test "a program with .debug_frame only" {
	live symbols.py debug_frame
}

@test "functions of a JIT" {
	live symbols.py jit
}

@test "a plug-in that another is written over" {
	live symbols.py replaced
}

@test "a plug-in in a file with the number of one that is gone" {
	live symbols.py reused
}
