#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# RSS drops explained.  MEMTOP_QUIET_SECONDS (60) is how long false events are waited for.

load common

with_swap() {
	run timeout -k 5 120 "$BATS_TEST_DIRNAME/swap.sh" /usr/bin/python3 -B \
		"$BATS_TEST_DIRNAME/events.py" "$@"
	if [ "$status" -eq 77 ]; then
		echo "# $output" >&3
		skip "${output##*skipped: }"
	fi
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "256 MiB swapped out, freed, given back: cause, amount and stacks, every 0.1 s" {
	with_swap scene 0.1
}

@test "the same seen once a second" {
	with_swap scene 1
}

@test "the same of memory from before memtop came" {
	with_swap before
}

@test "a target that grows meanwhile: what left RAM is told in full" {
	with_swap grow
}

@test "a cgroup that becomes too small" {
	with_swap cgroup
}

@test "no false event of a quiet program, nor of a busy one, in a minute" {
	live events.py quiet
}

@test "drops in words" {
	live events.py words
}

@test "drops in recordings" {
	live events.py recorded
}
