#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Python from outside: frames and lines against traceback.extract_stack() at the same allocation.

load common

@test "every kind of Python frame: Debian's python3" {
	live python.py stacks debian
}

@test "every kind of Python frame: 3.8" {
	live python.py stacks 3.8
}

@test "every kind of Python frame: 3.9" {
	live python.py stacks 3.9
}

@test "every kind of Python frame: 3.10" {
	live python.py stacks 3.10
}

@test "every kind of Python frame: 3.12" {
	live python.py stacks 3.12
}

@test "every kind of Python frame: 3.13" {
	live python.py stacks 3.13
}

@test "every kind of Python frame: 3.14" {
	live python.py stacks 3.14
}

@test "sub-interpreters are recognised and said" {
	live python.py interpreters
}

@test "a version that is too old is said, and measured as a native program" {
	live python.py unknown 3.7
}

@test "the article: ones, zeros, zeros read, then pushed to swap, to a page per line" {
	run timeout -k 5 120 "$BATS_TEST_DIRNAME/swap.sh" /usr/bin/python3 -B \
		"$BATS_TEST_DIRNAME/python.py" article
	[ "$status" -eq 77 ] && skip "${output##*skipped: }"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "names and lines that are in swap when their functions are met" {
	run timeout -k 5 120 "$BATS_TEST_DIRNAME/swap.sh" /usr/bin/python3 -B \
		"$BATS_TEST_DIRNAME/python.py" swapped debian
	[ "$status" -eq 77 ] && skip "${output##*skipped: }"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "pymalloc's arenas are named, and told by the lines that fill them: Debian's python3" {
	live python.py arenas debian full
}

@test "the same by kernel events only" {
	live python.py arenas debian pages
}

@test "the same in 3.8, whose arenas are smaller" {
	live python.py arenas 3.8 full
}

@test "the same in 3.13, where the interpreter's state has the table" {
	live python.py arenas 3.13 full
}

@test "-g line: figures, calls and source text" {
	live python.py line_table
}

@test "--source: a whole file with its lines' figures, also in another mount namespace" {
	live python.py source
}

@test "report --source of a recording" {
	live python.py source_of_recording
}

@test "-X perf: code made for each function is unwound and named, 3.12" {
	live python.py perf_map 3.12
}

@test "-X perf: code made for each function is unwound and named, 3.13" {
	live python.py perf_map 3.13
}
