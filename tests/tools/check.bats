#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tools/check itself, on small trees of tests: what is counted, what gets a second run, and what is
# told at the end.  It never runs a test of memtop.

setup() {
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/tools" "$tree/tests/cli" "$tree/tests/tools"
	cp "$BATS_TEST_DIRNAME/../../tools/check" "$tree/tools"
	once="@test 'unsteady' { [ -e $tree/ran ] || ! touch $tree/ran; }"
	printf '.PHONY: all memtop programs\nall memtop programs:\n' >"$tree/Makefile"
}

# suite_file SUITE NAME LINE...: a file of tests.
suite_file() {
	local file=$tree/tests/$1/$2.bats
	shift 2
	printf '%s\n' "$@" >"$file"
}

@test "a failed test is counted, and told once more at the end" {
	suite_file cli wrong "@test 'wrong' { false; }" "@test 'right' { true; }"
	run "$tree/tools/check" cli
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed, 0 skipped" ]
	[[ "${output##*what failed:}" == *"not ok 1 wrong"* ]]
	[[ "$output" != *"what failed once"* ]]
}

@test "what fails once beside real processes is run again, and told as unsteady" {
	suite_file cli unsteady "$once"
	run "$tree/tools/check" cli
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "1 passed, 0 failed, 0 skipped" ]
	[[ "${output##*what failed once and passed when run again:}" == *"1 failed at first"* ]]
	[[ "$output" != *"what failed:"* ]]
}

@test "a suite that depends on nothing has one run" {
	suite_file tools unsteady "$once"
	run "$tree/tools/check" tools
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
}

@test "a skipped test is told as one, not as a failure" {
	suite_file cli skips "@test 'later' { skip 'no such thing'; }"
	run "$tree/tools/check" cli
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "0 passed, 0 failed, 1 skipped" ]
	[[ "$output" == *"skipped: later no such thing"* ]]
}

@test "a file of tests that cannot be read has failed" {
	suite_file cli broken "@test 'broken' { "
	run "$tree/tools/check" cli
	[ "$status" -eq 1 ]
}
