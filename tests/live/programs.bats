#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs, attached in the middle of their work.

load common

@test "redis-server under redis-benchmark" {
	live programs.py redis
}

@test "gcc compiling" {
	live programs.py gcc
}

@test "gcc by name, from its birth" {
	live programs.py gcc_by_name
}

@test "sqlite3 inserting" {
	live programs.py sqlite
}
