#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's perf reads perf-data, and says what perf-script says.

load common

# Measured once, by the first test: all look at the same.
setup() {
	dir=$BATS_TEST_TMPDIR
	target=
	need perf
	# nobody is asked for debug files, and no habits of this user's count
	export DEBUGINFOD_URLS= PERF_CONFIG=/dev/null
	cd "$BATS_FILE_TMPDIR"
	[ -d plain ] || measured plain plain
	[ -d kinds ] || measured kinds kinds
	[ -d hand ] || by_hand hand
}

# What was measured stays for the tests that follow.
teardown() {
	[ -z "$target" ] || kill "$target" || true
}

perf_script() {
	perf script -F comm,pid,tid,time,period,event,ip,sym,symoff,dso -i "$1/perf-data" \
		>"$1/theirs" 2>"$1/perf.err"
}

@test "perf script prints perf-data as perf-script, byte for byte" {
	perf_script plain
	grep -q plain_large plain/theirs
	grep -q phantom_bytes plain/theirs
	cmp plain/perf-script plain/theirs
}

@test "perf script differs where a function has several names, and in inlined calls, alone" {
	perf_script kinds
	"$BATS_TEST_DIRNAME/aliases.py" kinds/perf-script kinds/theirs
}

@test "names that are in no file travel in perf-data" {
	perf_script hand
	grep 'py::' hand/perf-script >hand/ours
	[ "$(sort -u hand/ours | wc -l)" -eq 2 ]
	grep 'py::' hand/theirs | cmp - hand/ours
	grep -q 'make_table+0x1b' hand/theirs
	grep -q '\[unknown\] (\[before_attach\])' hand/theirs
	# heads are equal, so hostile names have forged nothing
	grep '^[^	]' hand/perf-script >hand/ours
	grep '^[^	]' hand/theirs | cmp - hand/ours
}

# The total that perf report gives an event.
report_total() {
	perf report -i "$1/perf-data" --stdio --no-children -g none 2>"$1/perf.err" |
		grep -A 1 "of event '$2'" | sed -n 's/^# Event count (approx.): //p'
}

@test "perf report weighs by bytes" {
	for run in plain kinds hand; do
		for event in alloc_bytes=allocated resident_bytes=resident phantom_bytes=phantom; do
			want=$(sum $run "${event#*=}")
			[ "$want" -gt 0 ]
			[ "$(report_total $run "${event%=*}")" -eq "$want" ]
		done
	done
	[ "$(report_total hand swapped_bytes)" -eq "$(sum hand swapped)" ]
}

@test "perf report: what each function holds" {
	perf report -i plain/perf-data --stdio --no-children -g caller,0.0,address --sort sym \
		-F period,sym >plain/report 2>plain/perf.err
	perf report -i plain/perf-data --stdio --no-children -g none --sort comm,sym -F period,comm,sym \
		2>plain/perf.err | tee plain/report
	grep -qE '^ +8010000 +plain +\[\.\] malloc' plain/report
}

# Bytes of alloc_bytes in stacks whose innermost function is malloc.
of_malloc() {
	awk '/ alloc_bytes: $/ { for (i = 1; i <= NF; i++) if ($i == "alloc_bytes:") n = $(i - 1); next }
		n && / malloc\+/ { sum += n } { n = 0 } END { print sum }' "$1/perf-script"
}

@test "perf diff compares by bytes" {
	want=$(awk -v a="$(of_malloc plain)" -v b="$(of_malloc kinds)" 'BEGIN { printf "%.6f", b / a }')
	perf diff --compute=ratio plain/perf-data kinds/perf-data 2>plain/perf.err | tee plain/diff
	echo "ratio wanted: $want"
	[ "$(awk '/^# Event / { here = /alloc_bytes/ } here && / malloc$/ { print $2 }' plain/diff)" \
		= "$want" ]
}

@test "the header has what hotspot asks for" {
	perf script -i hand/perf-data --header-only 2>hand/perf.err | tee hand/header
	for key in hostname 'os release' 'perf version' arch 'nrcpus online' cmdline; do
		grep -q "^# $key : ." hand/header
	done
	for event in alloc_bytes resident_bytes phantom_bytes swapped_bytes; do
		grep -q "^# event : name = $event," hand/header
	done
}

@test "from a recording: perf-script is what perf script prints of perf-data" {
	start plain
	measure record -p "$target" -d 0.2 -o run.db
	go
	until_said REST
	sleep 0.5
	kill -INT "$memtop"
	wait "$memtop"
	exec {to_target}>&-
	wait "$target" || true
	target=
	mkdir from_run
	for format in perf-script perf-data; do
		"$MEMTOP" export run.db -f $format --at end -o from_run/$format
	done
	perf_script from_run
	grep -q 'plain_large' from_run/theirs
	cmp from_run/perf-script from_run/theirs
}
