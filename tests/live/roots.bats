#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole stacks on stock programs.

load common

@test "99 % of the bytes of each stock program have a stack to main or the thread's start" {
	live roots.py roots
	echo "$output" | sed 's/^/# /' >&3
}
