#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Python's small objects, one by one: each line's bytes against tracemalloc's.

load common

@test "--pymalloc against tracemalloc, in the same process and not: Debian's python3" {
	live pymalloc.py copies debian
}

@test "--pymalloc against tracemalloc in the same process: 3.8" {
	live pymalloc.py lines 3.8
}

@test "--pymalloc against tracemalloc in the same process: 3.13" {
	live pymalloc.py lines 3.13
}
