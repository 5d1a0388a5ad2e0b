#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The live screen in a real terminal.

load common

@test "every key of the table" {
	live screen.py keys
}

@test "the header" {
	live screen.py header
}

@test "no number is cut off where there is little room" {
	live screen.py narrow
}

@test "filter, search, leaks, grown since, freeze" {
	live screen.py filters
}

@test "filter and search act while they are typed" {
	live screen.py typed
}

@test "texts longer than the line" {
	live screen.py long_text
}

@test "keys act while millions of blocks are measured" {
	live screen.py many
}

@test "one stack in full" {
	live screen.py detail
}

@test "what is not measured of a process is in its header" {
	live screen.py noted
}

@test "every account that is named is in the bar" {
	live screen.py swatches
}

@test "pages over the table: to their end and back" {
	live screen.py pages
}

@test "sideways along long lines" {
	live screen.py sideways
}

@test "Ctrl-L" {
	live screen.py repaint
}

@test "who touched it" {
	live screen.py touchers
}

@test "snapshots and exports" {
	live screen.py files
}

@test "from 40x10 to 300x100" {
	live screen.py sizes
}

@test "mouse" {
	live screen.py mouse
}

@test "256 colours, 8, none; UTF-8 or ASCII" {
	live screen.py terminals
}

@test "kill -9 of the target while it is shown" {
	live screen.py killed
}

@test "the terminal is restored after SIGTERM, SIGINT, SIGHUP, SIGQUIT and crashes" {
	live screen.py restored
}

@test "the terminal is restored after a crash of any thread" {
	live screen.py crashes
}

@test "the terminal's window is closed" {
	live screen.py closed
}

@test "Ctrl-Z, SIGTSTP, and fg" {
	live screen.py stopped
}

@test "several processes: the list, into one and back, one ends" {
	live screen.py processes
}

@test "-a: all processes, into one and back" {
	live screen.py machine
}

@test "processes of a user come and go, the selection stays" {
	live screen.py user
}

@test "settings stay" {
	live screen.py settings
}

@test "failures are said once the terminal is back" {
	live screen.py failures
}

@test "the swap scene: swapped out, freed, given back, in words" {
	run timeout -k 5 120 "$BATS_TEST_DIRNAME/swap.sh" /usr/bin/python3 -B \
		"$BATS_TEST_DIRNAME/screen.py" swap
	if [ "$status" -eq 77 ]; then
		echo "# $output" >&3
		skip "${output##*skipped: }"
	fi
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "kinds of Python objects" {
	live screen.py objects
}

@test "millions of Python objects are looked at: keys act" {
	live screen.py long_look
}
