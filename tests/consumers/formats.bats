#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Other tools read our files, and their totals are memtop's to the byte.

load common

# One snapshot for all: of a process, and the one with all kinds of stacks and names.
setup() {
	dir=$BATS_TEST_TMPDIR
	target=
	cd "$BATS_FILE_TMPDIR"
	[ -d kinds ] || measured kinds kinds
	[ -d hand ] || by_hand hand
}

# What was measured stays for the tests that follow.
teardown() {
	[ -z "$target" ] || kill "$target" || true
}

# with_commas NUMBER: as valgrind's tools print it
with_commas() {
	printf "%s" "$1" | rev | sed 's/.../&,/g; s/,$//' | rev
}

@test "pprof: pprof-format reads every sample type" {
	need_npm pprof-format
	for run in kinds hand; do
		node "$BATS_TEST_DIRNAME/pprof.mjs" $run/pprof | tee read
		while read -r type unit figure; do
			grep -qx "total $type $unit $(sum $run "$figure")" read
		done <<-END
			alloc_objects count allocations
			alloc_space bytes allocated_total
			inuse_objects count count
			inuse_space bytes allocated
			resident_space bytes resident
			swapped_space bytes swapped
			phantom_space bytes phantom
			touched_space bytes touched
			peak_space bytes at_peak
		END
		grep -qx 'default inuse_space' read
	done
	grep -q 'function "\[before_attach\]" 25165824' read
	grep -qx 'program /opt/app/app' read
}

@test "pprof: --value is the default sample type" {
	need_root
	need_npm pprof-format
	start small
	timeout 60 "$MEMTOP" export -f pprof --value resident -p "$target" -D 0.2 -o resident.pprof
	node "$BATS_TEST_DIRNAME/pprof.mjs" resident.pprof | grep -qx 'default resident_space'
}

@test "massif: ms_print reads it" {
	need ms_print
	for run in kinds hand; do
		ms_print --threshold=0 $run/massif | tee read | tail -n 40
		total=$(with_commas "$(sum $run allocated)")
		grep -qE "^ +1 +[0-9,]+ +$total +$total +0 +0\$" read
		grep -qF "100.00% (${total}B) " read
	done
	grep -qF "(3,221,225,472B) 0x100C: make_table (/src/app/load.c:12)" read
}

@test "massif: the children of a node hold what it holds" {
	for run in kinds hand; do
		"$BATS_TEST_DIRNAME/massif.py" $run/massif "$(sum $run allocated)"
	done
}

@test "massif of a recording: a snapshot for each measurement, trees at the peak and the end" {
	need_root
	need ms_print
	timeout 60 "$MEMTOP" record -q -d 0.1 -o run.db -- /usr/bin/python3 -c 'import time
rows = [bytearray(100_000) for _ in range(100)]
time.sleep(1)
del rows[10:]
time.sleep(1)' 3>&-
	"$MEMTOP" export -q run.db -f massif -o run.massif
	for at in peak end; do
		"$MEMTOP" report -q run.db --at $at --json | jq '[.stacks[].allocated // 0] | add' >$at
	done
	[ "$(cat peak)" -gt 10000000 ]
	[ "$(cat end)" -lt "$(cat peak)" ]
	"$BATS_TEST_DIRNAME/massif.py" run.massif "$(cat peak)" "$(cat end)"
	ms_print --threshold=0 run.massif >read
	# the first is when measuring began
	measured=$(sqlite3 -readonly run.db 'SELECT count(*) FROM moment')
	[ "$measured" -gt 3 ]
	grep -q "^Number of snapshots: $((measured + 1))\$" read
	grep -qE '^ Detailed snapshots: \[[0-9]+ \(peak\), [0-9]+\]$' read
	# what ms_print has for each is what the recording has, to the byte
	awk '/^ +[0-9]+ +[0-9,]+ +[0-9,]+ +[0-9,]+ +0 +0$/ { gsub(",", ""); if ($1) print $3 }' read >theirs
	sqlite3 -readonly run.db 'SELECT allocated FROM timeline' >ours
	diff ours theirs
	# --at ends it there
	"$MEMTOP" export -q run.db -f massif --at peak -o run.massif
	"$BATS_TEST_DIRNAME/massif.py" run.massif "$(cat peak)"
}

@test "massif while measuring" {
	need_root
	start small
	measure export -f massif -p "$target" -d 0.1 -D 1.5 -o live.massif
	go
	wait "$memtop"
	exec {to_target}>&-
	wait "$target" || true
	target=
	[ "$(grep -c '^snapshot=' live.massif)" -gt 3 ]
	[ "$(grep -c '^heap_tree=\(peak\|detailed\)' live.massif)" -ge 1 ]
	total=$(grep '^mem_heap_B=' live.massif | cut -d = -f 2 | sort -n | tail -n 1)
	[ "$total" -ge 50500 ]
	ms_print live.massif >read
	grep -q '(peak)' read
}

@test "dhat: valgrind's viewer shows it" {
	need_npm playwright-core
	viewer=/usr/libexec/valgrind/dh_view.html
	[ -e $viewer ] || skip "there is no dh_view.html"
	for run in kinds hand; do
		node "$BATS_TEST_DIRNAME/dhat.mjs" $viewer $run/dhat >read
		head -n 40 read
		grep -m 1 'At t-end: ' read >end
		grep -qF "At t-end:  $(with_commas "$(sum $run allocated)") bytes (100%)" end
	done
	grep -qF ': load_image (/src/app/load.c:77)' read
	total=$(jq '[.stacks[] | .allocated_total // .allocated] | add' hand/json)
	grep -m 1 'Total: ' read | grep -qF " $(with_commas "$total") bytes (100%"
}

@test "speedscope: it keeps every byte of every figure, and every name" {
	need_npm speedscope
	for run in kinds hand; do
		node "$BATS_TEST_DIRNAME/speedscope.mjs" $run/speedscope >read
		head -n 12 read
		for figure in allocated resident phantom swapped touched; do
			[ $run/$figure != kinds/swapped ] || continue # nothing is swapped
			grep -qx "$figure $(sum $run $figure) bytes" read
		done
	done
	grep -qF 'frame "f;\n\nroot 1/1 1.0: 9 alloc_bytes: \n' read
}

@test "folded: flamegraph.pl weighs by bytes" {
	PATH=$PATH:/usr/share/perl5/Devel/NYTProf
	need flamegraph.pl
	for run in kinds hand; do
		flamegraph.pl --countname=bytes $run/folded >read 2>err
		grep -q "all ($(with_commas "$(sum $run allocated)") bytes, 100%)" read
	done
	grep -q 'make_table (3,221,225,472 bytes' read
}
