#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# First touches: each page is charged to the stack that touched it, not to the one that asked for it.

load common

@test "pages touched per function" {
	live faults.py touched touch full
}

@test "pages touched per function, with frame pointers" {
	live faults.py touched touch.fp full
}

@test "-m pages: the same without any probe" {
	live faults.py touched touch pages
}

@test "-m pages attaches no uprobe" {
	live faults.py unprobed
}
