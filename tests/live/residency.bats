#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Residency: every byte of every stack is resident, swapped, untouched or on the zero page.

load common

# The same with real swap.
live_swap() {
	run timeout -k 5 120 "$BATS_TEST_DIRNAME/swap.sh" \
		/usr/bin/python3 -B "$BATS_TEST_DIRNAME/residency.py" "$@"
	if [ "$status" -eq 77 ]; then
		skip "${output##*skipped: }"
	fi
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "the phantom target: 3.375 GiB, of which 256 MiB resident and 128 MiB swapped" {
	live_swap phantom
}

@test "each state a page can have, with swap" {
	live_swap cases swap
}

@test "each state a page can have, without swap" {
	live residency.py cases
}

@test "the accounts name every resident byte" {
	live residency.py accounts
}

@test "Python: bytes(n) is calloc, bytearray(n) is written" {
	live residency.py python bytes bytearray
}

@test "Python: b'x' * n" {
	live residency.py python repeat
}

@test "Python: mmap private and shared" {
	live residency.py python private shared
}
