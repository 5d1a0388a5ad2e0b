#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Recordings from the command line: record, report, diff, export from a file, mark.

load common

# recorded ARGUMENT…: memtop record of a command into $dir/a.db; its status is in $status.
recorded() {
	status=0
	timeout 120 "$MEMTOP" record -o "$dir/a.db" "$@" >"$dir/out" 2>"$dir/err" 3>&- || status=$?
	cat "$dir/err"
}

# A program that allocates 20,000,000 bytes in its first second and gives them back in its third;
# a memtop named as its argument gets a mark when they are there.
holder() {
	cat >"$dir/holder.py" <<-'PY'
		import subprocess, sys, time
		block = bytearray(20_000_000)
		if len(sys.argv) > 1:
		    subprocess.run([sys.argv[1], "mark", "loaded"], check=True)
		time.sleep(1)
		del block
		time.sleep(1)
		sys.exit(7)
	PY
}

sql() {
	sqlite3 -readonly "$dir/a.db" "$1"
}

@test "record -- CMD: its status, its output, its memory at the peak" {
	need_root
	holder
	recorded -d 0.2 -- /usr/bin/python3 "$dir/holder.py"
	[ "$status" -eq 7 ]
	"$MEMTOP" report "$dir/a.db" --bytes >"$dir/report"
	head -20 "$dir/report"
	grep -q '20000001.*PyByteArray\|2000000[0-9] ' "$dir/report"
	"$MEMTOP" report "$dir/a.db" --json | jq -e '[.stacks[].allocated] | max >= 20000000'
	# the moment before it is gone is the last of the peak, and at the end it is gone
	"$MEMTOP" report "$dir/a.db" --at end --json | jq -e '[.stacks[].allocated] | max < 20000000'
	# what memtop was before it became the command is not in it
	! sql 'select exe from process' | grep memtop
}

@test "record -- CMD: 126, 127 and 128+n as a shell" {
	need_root
	recorded -- "$dir/none"
	[ "$status" -eq 127 ]
	grep -q 'cannot run' "$dir/err"
	recorded -- "$dir"
	[ "$status" -eq 126 ]
	[ ! -e "$dir/a.db" ]
	recorded -- sh -c 'kill -9 $$'
	[ "$status" -eq 137 ]
}

@test "record -- CMD: it has not ended before it has" {
	need_root
	# that memtop's copy of itself has become the command is nothing to tell, nor is what it does next
	timeout 60 "$MEMTOP" record -d 0.1 -o "$dir/a.db" -- sh -c \
		'sleep 1; cp "$0/err" "$0/early"; exec sh -c "sleep 1; cp \"\$0/err\" \"\$0/late\"" "$0"' \
		"$dir" 2>"$dir/err" 3>&-
	cat "$dir/err"
	[ ! -s "$dir/early" ]
	[ ! -s "$dir/late" ]
	grep -q 'process [0-9]* ended' "$dir/err"
}

@test "record -- CMD runs it as the user who called sudo, and gives him the file" {
	need_root
	chmod 755 "$dir"
	SUDO_UID=65534 SUDO_GID=65534 recorded -- sh -c 'id -u; id -g; echo $HOME'
	[ "$status" -eq 0 ]
	cat "$dir/out"
	[ "$(sed -n 1,2p "$dir/out" | tr '\n' ' ')" = "65534 65534 " ]
	[ "$(stat -c %u:%g "$dir/a.db")" = 65534:65534 ]
}

@test "record -- CMD: its code is known from the first instruction" {
	need_root
	# of a program that memtop has never met, by way of two scripts
	printf '#!/usr/bin/env -S MEMTOP_IS=here %s\nprint("hello")\n' /usr/bin/python3 >"$dir/script"
	chmod 755 "$dir/script"
	recorded -d 0.2 -- "$dir/script"
	grep -q hello "$dir/out"
	"$MEMTOP" report "$dir/a.db" --json >"$dir/json"
	jq .stack_ends "$dir/json"
	# what ends early are the loader's first page faults; 1000 and more before it was so
	jq -e '.stack_ends | .root > 500 and .no_rows * 5 < .root' "$dir/json"
}

@test "record -- CMD: code on an overlay, as in a container, is known as well" {
	need_root
	mkdir "$dir/empty"
	mount="mount -t overlay -o lowerdir=/usr:$dir/empty none /usr"
	unshare --mount sh -c "$mount" || skip "this kernel mounts no overlay"
	unshare --mount sh -c "$mount && exec \"\$@\"" - "$MEMTOP" record -d 0.2 -o "$dir/a.db" -- \
		/usr/bin/python3 -I -S -c 'print("hello")' >"$dir/out"
	"$MEMTOP" report "$dir/a.db" --json >"$dir/json"
	jq .stack_ends "$dir/json"
	jq -e '.stack_ends | .root > 500 and .no_rows * 5 < .root' "$dir/json"
}

@test "record -- CMD: Python's frames from the first, however late memtop wakes up" {
	need_root
	cat >"$dir/late.py" <<-'PY'
		import os, signal
		kept = [bytearray(100_000) for i in range(50)]
		os.kill(int(os.environ["LATE"]), signal.SIGCONT)
		import time
		time.sleep(1)
	PY
	# memtop knows the file by the first, and sleeps while the second begins
	recorded -d 0.2 -- sh -c "/usr/bin/python3 -c 'import time; time.sleep(0.5)'
		kill -STOP \$PPID; LATE=\$PPID /usr/bin/python3 $dir/late.py; true"
	"$MEMTOP" report "$dir/a.db" --json >"$dir/json"
	jq -e '[.stacks[] | select(any(.frames[]; .file // "" | endswith("late.py")))
		| .allocated] | add >= 5000000' "$dir/json"
	# of the second: the first may be at work before memtop has read the file
	jq -e '([.stacks[] | select(any(.frames[]; .file // "" | endswith("late.py"))) | .pid]
		| unique) as [$pid]
		| [.stacks[] | select(.pid == $pid)
			| select(any(.frames[]; .function // "" | startswith("_PyEval_Eval")))
			| select(all(.frames[]; .language == "native"))] == []' "$dir/json"
}

@test "record -- CMD: children are measured too" {
	need_root
	holder
	recorded -d 0.2 -- sh -c "/usr/bin/python3 $dir/holder.py; exit 3"
	[ "$status" -eq 3 ]
	[ "$(sql 'select count(distinct pid) from process')" -ge 2 ]
	"$MEMTOP" report "$dir/a.db" --json | jq -e '[.stacks[].allocated] | max >= 20000000'
}

@test "programs that run one after another do not add up to memory that no one held" {
	timeout 60 "$MEMTOP" record -q -d 2 -o "$dir/a.db" -- sh -c \
		'for i in $(seq 40); do dd if=/dev/zero of=/dev/null bs=32M count=1; done 2>/dev/null; sleep 2.5'
	[ "$(sqlite3 "$dir/a.db" "SELECT count(*) > 5 FROM process WHERE comm = 'dd'")" -eq 1 ]
	# one of them may be seen, never are there two
	[ "$(sqlite3 "$dir/a.db" "SELECT max(allocated) < 60000000 FROM timeline")" -eq 1 ]
	peak=$(sqlite3 "$dir/a.db" "SELECT max(allocated) FROM timeline")
	# exports are of one time as well, and say what they leave out; report shows what there was
	for at in peak 1s 2s 3s end; do
		"$MEMTOP" export "$dir/a.db" --at "$at" -f folded 2>>"$dir/said" |
			awk -v peak="$peak" '{ sum += $NF } END { exit sum > peak }'
	done
	grep -q 'ended by then are left out' "$dir/said"
	"$MEMTOP" report "$dir/a.db" --at 3s --json | jq -e '[.processes[] | select(.exited)] | length > 5'
	"$MEMTOP" report "$dir/a.db" --at 3s -N 0 | grep -q '(ended) dd'
}

@test "record -- CMD: a child that another thread than its first turns into a program" {
	need_root
	holder
	cat >"$dir/thread.py" <<-'PY'
		import os, sys, threading, time
		program = ["/usr/bin/python3", sys.argv[1]]
		threading.Thread(target=os.execv, args=(program[0], program)).start()
		time.sleep(60)
	PY
	recorded -d 0.2 -- sh -c "/usr/bin/python3 $dir/thread.py $dir/holder.py; exit 3"
	[ "$status" -eq 3 ]
	"$MEMTOP" report "$dir/a.db" --json | jq -e '[.stacks[].allocated] | max >= 20000000'
}

@test "a mark is measured at once, and --at finds it" {
	need_root
	holder
	# with so long a delay only the mark can have caught it
	recorded -d 60 -- /usr/bin/python3 "$dir/holder.py" "$MEMTOP"
	[ "$status" -eq 7 ]
	[ "$(sql "select label from event where kind = 'mark'")" = loaded ]
	"$MEMTOP" report "$dir/a.db" --at loaded --json |
		jq -e '[.stacks[].allocated] | max >= 20000000'
	# events are told of the whole recording, whichever moment is looked at
	for at in start loaded end; do
		"$MEMTOP" report "$dir/a.db" --at $at | grep -qE '^  [0-9:]{8} mark: loaded$'
		"$MEMTOP" report "$dir/a.db" --at $at --json |
			jq -e '[.events[] | select(.kind == "mark").label] == ["loaded"]'
	done
	"$MEMTOP" diff "$dir/a.db" "$dir/a.db" --at start,loaded -N 1 --bytes | tee "$dir/diff"
	grep -q '+20000001' "$dir/diff"
}

@test "mark without a memtop that measures: status 5" {
	need_root
	refused 5 'no memtop is measuring' mark nothing-listens
	refused 2 'label' mark
	refused 2 'one label' mark a b
}

@test "--at: peak, start, end, a time; anything else is status 2" {
	need_root
	holder
	recorded -d 0.2 -- /usr/bin/python3 "$dir/holder.py"
	for at in peak start end 1s 500ms; do
		"$MEMTOP" report "$dir/a.db" --at "$at" >/dev/null
	done
	refused 2 'ends after' report "$dir/a.db" --at 1h
	refused 2 'label of a mark' report "$dir/a.db" --at noon
}

@test "export from a recording says what report says, and needs no root" {
	need_root
	holder
	recorded -d 0.2 -- /usr/bin/python3 "$dir/holder.py"
	chmod 755 "$dir" && chmod 644 "$dir/a.db"
	as_nobody() {
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	}
	as_nobody "$MEMTOP" export "$dir/a.db" -f json >"$dir/json" ||
		skip "nobody cannot run $MEMTOP"
	want=$(jq '[.stacks[].allocated // 0] | add' "$dir/json")
	[ "$want" -ge 20000000 ]
	"$MEMTOP" export "$dir/a.db" -f folded |
		awk '{ sum += $NF } END { printf "%d\n", sum }' >"$dir/sum"
	[ "$(cat "$dir/sum")" -eq "$want" ]
	"$MEMTOP" report "$dir/a.db" --json | jq -e --argjson want "$want" \
		'([.stacks[].allocated // 0] | add) == $want'
	"$MEMTOP" export "$dir/a.db" -f csv | grep -q '^time\|allocated'
	"$MEMTOP" export "$dir/a.db" -f perf-script | grep -q alloc_bytes
	refused 2 'not both' export "$dir/a.db" -f json -p 1
}

@test "kill -9: what was measured is there, and report says that it was not closed" {
	need_root
	start small
	measure record -p "$target" -d 0.05 -o "$dir/a.db"
	go
	until_said REST
	sleep 1
	child=$(pgrep -P "$memtop" -x memtop || echo "$memtop")
	kill -9 $child
	wait "$memtop" || true
	"$MEMTOP" report "$dir/a.db" --bytes >"$dir/report" 2>"$dir/err"
	cat "$dir/err"
	grep -q 'was not closed' "$dir/err"
	grep -q '50500.*small_block\|small_block' "$dir/report"
	# the measurements are in the WAL, and not in a copy of the file alone
	mkdir "$dir/alone" "$dir/foreign"
	cp "$dir/a.db" "$dir/alone"
	"$MEMTOP" report "$dir/alone/a.db" >"$dir/report" 2>"$dir/err" || [ $? -eq 1 ]
	cat "$dir/err"
	grep -q 'alone/a.db-wal, .* not \(there\|beside it\)' "$dir/err"
	# to read a WAL its reader writes an index beside it
	chmod 755 "$dir" && cp "$dir/a.db" "$dir/a.db-wal" "$dir/foreign"
	setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$MEMTOP" report "$dir/foreign/a.db" >"$dir/report" 2>"$dir/err" || [ $? -eq 1 ]
	cat "$dir/err"
	grep -q 'a.db-wal, .* cannot be read without write access' "$dir/err"
	[ "$(sqlite3 "$dir/a.db" 'pragma integrity_check')" = ok ]
	# now sqlite3 has taken the WAL in
	"$MEMTOP" report "$dir/a.db" 2>"$dir/err"
	grep -q 'newer measurements may be missing' "$dir/err"
	"$MEMTOP" html -q "$dir/a.db" --svg -o - | grep -q 'was not closed'
}

@test "what was lost while recording is said by whatever reads it" {
	need_root
	recorded -d 0.2 --max-blocks 1024 -- /usr/bin/python3 -c "x = [bytearray(1000) for i in range(20000)]"
	[ $status -eq 6 ]
	for read in report "diff $dir/a.db" "export -f folded" "html --svg -o -" "html -o $dir/page.html"; do
		echo "$read"
		status=0
		"$MEMTOP" $read "$dir/a.db" >"$dir/out" 2>"$dir/err" || status=$?
		grep -q 'without npm' "$dir/err" && continue
		[ $status -eq 6 ]
		grep -q 'blocks of .* lost, so the figures are lower bounds' "$dir/err"
	done
	"$MEMTOP" report "$dir/a.db" | grep -q 'LOST: .* allocations of .* bytes were not counted'
	"$MEMTOP" html --svg "$dir/a.db" -o - | grep -q 'allocations of .* were not counted'
	[ ! -e "$dir/page.html" ] || grep -q 'allocations of .* were not counted' "$dir/page.html"
}

@test "a disk of 1 MB fills: it is said, status 1, and what was written opens" {
	need_root
	mkdir "$dir/disk"
	mount -t tmpfs -o size=1m tmpfs "$dir/disk" || skip "cannot mount"
	# most of it is full already, so that this does not take long
	head -c 700000 /dev/zero >"$dir/disk/ballast"
	start small
	status=0
	timeout 60 "$MEMTOP" record -p "$target" -d 0.02 -D 50 -o "$dir/disk/a.db" 2>"$dir/err" 3>&- ||
		status=$?
	opens=0
	"$MEMTOP" report "$dir/disk/a.db" >"$dir/report" 2>>"$dir/err" || opens=$?
	umount "$dir/disk"
	cat "$dir/err"
	[ "$status" -eq 1 ]
	grep -q 'No space left on device; it holds the first' "$dir/err"
	[ "$opens" -eq 0 ]
	grep -q 'when the disk was full\|was not closed' "$dir/err"
}

@test "-o - is stdout, for every format and for the page; a recording needs a file" {
	need_root
	recorded -d 0.2 -- true
	cd "$dir"
	for format in json csv folded perf-script perf-data pprof speedscope dhat massif svg; do
		"$MEMTOP" export -q a.db -f $format -o file
		"$MEMTOP" export -q a.db -f $format -o - | cmp - file
		"$MEMTOP" export -q a.db -f $format | cmp - file
	done
	if "$MEMTOP" html -q a.db -o file.html; then
		"$MEMTOP" html -q a.db -o - | cmp - file.html
	fi
	"$MEMTOP" html --svg -q a.db -o - | grep -q '^<svg '
	"$MEMTOP" html --svg a.db # its own default
	[ "$(ls | tr '\n' ' ')" = "a.db err file file.html memtop.svg out " ] ||
		[ "$(ls | tr '\n' ' ')" = "a.db err file memtop.svg out " ]
	# no binary on a terminal; perf wants a file
	for format in perf-data pprof; do
		status=0
		script -qec "'$MEMTOP' export a.db -f $format" typescript >said || status=$?
		[ "$status" -eq 2 ]
		grep -q 'name a file with -o' said
		[ "$(wc -c <said)" -lt 200 ]
	done
	"$MEMTOP" export a.db -f perf-data 2>err | cat >/dev/null
	grep -q 'perf reads perf-data from a file only' err
	refused 2 'name a file' record -o - -p $$ -D 0.1
}

@test "a peak between two measurements: what was measured and what was counted is told apart" {
	need_root
	cat >"$dir/burst.py" <<-'PY'
		import sys
		def say(word):
		    print(word, flush=True)
		    sys.stdin.readline()
		say("READY")
		kept = bytearray(5_000_000)
		say("KEPT")
		burst = [bytearray(10_000_000) for _ in range(3)]
		del burst
		say("REST")
	PY
	mkfifo "$dir/to_target"
	/usr/bin/python3 "$dir/burst.py" <"$dir/to_target" >"$dir/said" 3>&- &
	target=$!
	exec {to_target}>"$dir/to_target"
	until_said READY
	# measured when it begins, at the mark, and at the end
	measure record -p "$target" -d 60 -o "$dir/a.db"
	go
	until_said KEPT
	"$MEMTOP" mark -p "$target" kept
	go
	until_said REST
	kill -INT "$memtop"
	wait "$memtop"
	"$MEMTOP" report "$dir/a.db" --bytes -N 2 >"$dir/report" 2>"$dir/err"
	head -9 "$dir/report"
	head -1 "$dir/report" | grep -q ', the highest measurement$'
	counted=$(sed -n 's/^Between two measurements it held more: \([0-9]*\), as counted.*/\1/p' "$dir/report")
	[ "$counted" -gt 35000000 ]
	[ ! -s "$dir/err" ]
	# what is shown is what was measured
	measured=$(sql 'SELECT max(allocated) FROM timeline')
	[ "$measured" -lt 10000000 ]
	grep -q "^  allocated $measured = " "$dir/report"
	# and what was counted adds up to the byte
	"$MEMTOP" report "$dir/a.db" --peak --bytes >"$dir/report"
	grep -q "^AT PEAK is of when it held most, $counted: counted, between [0-9.]* s and" "$dir/report"
	grep -qE '^ +30000003 .*burst.py:8' "$dir/report"
	"$MEMTOP" report "$dir/a.db" --peak --json 2>"$dir/err" | jq -e --argjson counted "$counted" \
		'([.stacks[].at_peak // 0] | add) == $counted and .processes[0].peak_allocated == $counted'
	[ ! -s "$dir/err" ]
	# output without words of its own says it on stderr
	"$MEMTOP" export "$dir/a.db" -f folded >/dev/null 2>"$dir/err"
	grep -q 'the highest measurement is of .*; between two of them the process held 33' "$dir/err"
	# where the highest measurement is the peak there is nothing to tell
	holder
	recorded -d 0.2 -- /usr/bin/python3 "$dir/holder.py"
	"$MEMTOP" report "$dir/a.db" | head -2 >"$dir/report"
	head -1 "$dir/report" | grep -q 'the highest measurement$'
	! grep -q 'held more' "$dir/report"
	refused 2 'export needs --format' export "$dir/a.db"
}

# workers.py FILE: many threads, each with a row for each of its stacks, that work until FILE is there.
workers() {
	cat >"$dir/workers.py" <<-'PY'
		import os, sys, threading, time
		end = time.monotonic() + 100
		def work():
		    kept = []
		    while time.monotonic() < end:
		        kept += [bytearray(1000), [0] * 200, "x" * 700]
		        if len(kept) > 500:
		            del kept[:400]
		        time.sleep(0.005)
		threads = [threading.Thread(target=work) for _ in range(100)]
		for t in threads: t.start()
		while not os.path.exists(sys.argv[1]) and time.monotonic() < end:
		    time.sleep(0.1)
		end = 0
		for t in threads: t.join()
	PY
}

@test "--max-size thins the oldest measurements, never grows beyond, and says so" {
	need_root
	workers
	limit=$((1024 * 1024)) most=0 looks=0 thinned=0
	"$MEMTOP" record -d 0.02 --max-size 1M -o "$dir/a.db" -- /usr/bin/python3 "$dir/workers.py" "$dir/enough" \
		2>"$dir/err" 3>&- &
	memtop=$!
	while kill -0 $memtop 2>/dev/null; do
		size=$(stat -c %s "$dir"/a.db* 2>/dev/null | awk '{ n += $1 } END { print n + 0 }')
		[ "$size" -le "$most" ] || most=$size
		# until many were merged, however long that takes a loaded machine
		[ $((++looks % 20)) -ne 0 ] || thinned=$(sql "SELECT value FROM meta
			WHERE key = 'thinned'" 2>/dev/null) || true
		[ "${thinned:-0}" -lt 40 ] || touch "$dir/enough"
		sleep 0.02
	done
	wait $memtop
	cat "$dir/err"
	echo "at most $most bytes, $(stat -c %s "$dir/a.db") at the end"
	[ "$most" -le $limit ]
	[ "$(stat -c %s "$dir/a.db")" -le $limit ]
	measured=$(sed -n 's/.*: \([0-9]*\) measurements in .*/\1/p' "$dir/err")
	merged=$(sed -n 's/.*: \([0-9]*\) of them, the oldest first, were merged.*/\1/p' "$dir/err")
	kept=$(sql 'SELECT count(*) FROM moment')
	[ "$merged" -gt 0 ]
	[ $((measured - merged)) -eq "$kept" ]
	[ "$(sql "SELECT value FROM meta WHERE key = 'thinned'")" -eq "$merged" ]
	# the first and the last measurement are there, and older times are the coarser
	took=$(sed -n 's/.* measurements in \([0-9.]*\) s.*/\1/p' "$dir/err")
	[ "$(sql "SELECT min(elapsed_ns) < 0.1e9 * $took AND max(elapsed_ns) > 0.9e9 * $took
		FROM moment")" -eq 1 ]
	sql 'SELECT group_concat(round(seconds, 1), " ") FROM timeline'
	[ "$(sql "SELECT count(*) FILTER (WHERE seconds < $took / 2) <
		count(*) FILTER (WHERE seconds >= $took / 2) FROM timeline")" -eq 1 ]
	# what is left adds up, and report tells what is not
	for at in start peak end 1s; do
		"$MEMTOP" report "$dir/a.db" --at $at >/dev/null 2>"$dir/err"
		grep -q "of $measured measurements $kept are left: --max-size merged the oldest" "$dir/err"
	done
	[ "$(sql 'PRAGMA integrity_check')" = ok ]
}

@test "--max-size: a file of more names than fit is said to be too large" {
	need_root
	# each of 2^12 ways to get there is a stack
	cat >"$dir/ways.py" <<-'PY'
		import time
		def a(n): return bytearray(1000) if not n else (a if n % 2 else b)(n // 2)
		def b(n): return bytearray(1000) if not n else (a if n % 2 else b)(n // 2)
		kept = [a(n | 1 << 12) for n in range(1 << 12)]
		time.sleep(1)
	PY
	recorded -d 0.2 --max-size 1M -- /usr/bin/python3 "$dir/ways.py"
	[ "$status" -eq 0 ]
	grep -q 'more than --max-size 1 MiB: what is left are the names' "$dir/err"
	"$MEMTOP" report "$dir/a.db" >/dev/null
}

@test "what is no recording is neither read nor overwritten" {
	need_root
	echo "a letter to my mother" >"$dir/letter"
	refused 1 'no recording' report "$dir/letter"
	refused 1 'No such file' report "$dir/none.db"
	refused 1 'choose another name' record -o "$dir/letter" -p $$ -D 0.1
	grep -q mother "$dir/letter"
	refused 2 'may hold' record -o "$dir/%x.db" -p $$ -D 0.1
}

@test "an older recording is kept as .old" {
	need_root
	recorded -- true
	cp "$dir/a.db" "$dir/copy"
	recorded -- true
	cmp "$dir/copy" "$dir/a.db.old"
}

@test "%p, %h and %t in the file's name" {
	need_root
	start small
	cd "$dir"
	timeout 30 "$MEMTOP" record -q -p "$target" -D 0.2 -o "x-%p-%h-%t-%%.db" 3>&-
	ls
	[[ "$(ls x-*)" =~ ^x-$target-$(uname -n)-20[0-9]{6}-[0-9]{6}-%\.db$ ]]
}

@test "diff of two runs: what grew" {
	need_root
	for n in 1 2; do
		timeout 60 "$MEMTOP" record -q -d 0.2 -o "$dir/$n.db" -- /usr/bin/python3 -c \
			"import time; b = bytearray($n * 10_000_000); time.sleep(2)" 3>&-
	done
	"$MEMTOP" diff "$dir/1.db" "$dir/2.db" --bytes -N 1 | tee "$dir/diff"
	sed -n 2p "$dir/diff" | grep -q '^ *+10000000 '
	# and nothing else: what both did has the same stacks in both
	"$MEMTOP" diff "$dir/2.db" "$dir/1.db" --bytes -g function | tee "$dir/diff"
	grep -q '^ *-10000000 .*<module>' "$dir/diff"
	[ "$(wc -l <"$dir/diff")" -eq 3 ]
	refused 2 'two recordings' diff "$dir/1.db"
	refused 2 'two recordings' diff "$dir/1.db" "$dir/2.db" "$dir/2.db"
}


@test "the questions in docs/recording.md have answers" {
	need_root
	holder
	recorded -d 0.2 -- /usr/bin/python3 "$dir/holder.py" "$MEMTOP"
	[ "$status" -eq 7 ]
	awk '/^```sql/ { on = 1; n++; next } /^```/ { on = 0 } on { print > dir "/question" n }' \
		dir="$dir" "$BATS_TEST_DIRNAME/../../docs/recording.md"
	[ "$(ls "$dir"/question* | wc -l)" -ge 5 ]
	for question in "$dir"/question*; do
		cat "$question"
		sqlite3 -readonly -header "$dir/a.db" <"$question" | tee "$dir/answer" | head -5
		# the one about leaks may have none
		[ "$(wc -l <"$dir/answer")" -ge 2 ] || grep -q "'end'" "$question"
	done
	[ "$(sqlite3 "$dir/a.db" 'SELECT allocated FROM holding WHERE what = '\''peak'\'' AND kind < 3
		ORDER BY allocated DESC LIMIT 1')" -eq 20000001 ]
}

@test "the tables and columns in docs/recording.md are those of the file" {
	need_root
	recorded -- true
	[ "$status" -eq 0 ]
	for table in $(sql "select name from sqlite_schema where type in ('table', 'view')"); do
		grep -q "\`$table\`" "$BATS_TEST_DIRNAME/../../docs/recording.md" || {
			echo "$table is not explained"
			return 1
		}
		for column in $(sql "select name from pragma_table_info('$table')"); do
			grep -qE "\b$column\b" "$BATS_TEST_DIRNAME/../../docs/recording.md" ||
				[[ "$column" =~ ^(rss|lost|end)_ ]] || {
				echo "$table.$column is not explained"
				return 1
			}
		done
	done
}
