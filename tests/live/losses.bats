#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Events that found no room: said, and what can be found again is found again.

load common

@test "a process that begins, and memory that goes, while no event can be kept" {
	live losses.py found
}

@test "what a process does whose beginning could not be kept" {
	live losses.py met
}
