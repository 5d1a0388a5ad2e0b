# SPDX-License-Identifier: GPL-2.0-or-later
# For the bats files here: live SCRIPT TEST [ARGUMENT…] runs one test of a script, and skips where
# that says why it cannot be done.
live() {
	local script=$1
	shift
	run timeout -k 5 120 /usr/bin/python3 -B "$BATS_TEST_DIRNAME/$script" "$@"
	if [ "$status" -eq 77 ]; then
		echo "# $output" >&3
		skip "${output##*skipped: }"
	fi
	echo "$output"
	[ "$status" -eq 0 ]
}
