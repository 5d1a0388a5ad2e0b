#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --types: kinds of Python objects, from outside, against gc.get_objects() and sys.getsizeof().

load common

swap() {
	run timeout -k 5 120 "$BATS_TEST_DIRNAME/swap.sh" /usr/bin/python3 -B \
		"$BATS_TEST_DIRNAME/objects.py" "$@"
	[ "$status" -eq 77 ] && skip "${output##*skipped: }"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "kinds of objects: Debian's python3, and little in arenas that is of no known owner" {
	live objects.py other_blocks
}

@test "kinds of objects: 3.8" {
	live objects.py kinds 3.8
}

@test "kinds of objects: 3.9" {
	live objects.py kinds 3.9
}

@test "kinds of objects: 3.10" {
	live objects.py kinds 3.10
}

@test "kinds of objects: 3.12" {
	live objects.py kinds 3.12
}

@test "kinds of objects: 3.13" {
	live objects.py kinds 3.13
}

@test "kinds of objects: 3.14" {
	live objects.py kinds 3.14
}

@test "kinds of objects without the small-object allocator" {
	live objects.py no_pools
}

@test "kinds of objects of a target that goes on changing them" {
	live objects.py churn debian
}

@test "a target that ends while its objects are looked at" {
	live objects.py gone
}

@test "kinds of objects of sub-interpreters, which are said" {
	live objects.py interpreters
}

@test "objects in swap stay there, and are told" {
	swap swapped
}

@test "arrays of numpy: resident, phantom and swapped" {
	swap arrays
}

@test "--types on what is no Python is one clear sentence" {
	live objects.py no_python
}
