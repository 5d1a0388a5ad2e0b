#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Exit statuses, and one clear sentence for whatever can go wrong.

load common

no_such_pid() {
	local pid=4000000
	while [ -e /proc/$pid ]; do pid=$((pid - 1)); done
	echo $pid
}

@test "no such process: status 5" {
	need_root
	pid=$(no_such_pid)
	refused 5 "$pid" -p "$pid" -b -i 1
	refused 5 "$pid" export -f json -p "$pid" -D 1
}

@test "no process of that name: status 5" {
	need_root
	status=0
	timeout 30 "$MEMTOP" -n no-such-name --json -i 1 -d 0.1 >"$dir/out" 2>"$dir/err" || status=$?
	cat "$dir/err"
	[ "$status" -eq 5 ]
	[ "$(wc -l <"$dir/err")" -eq 1 ]
	grep -q 'no-such-name' "$dir/err"
}

@test "not root: status 3, and which capability is missing" {
	need_root
	cp "$MEMTOP" "$dir/memtop"
	chmod 755 "$dir" "$dir/memtop"
	setpriv --reuid=65534 --clear-groups true || skip "setpriv cannot change the user"
	for arguments in "-p 1" "-a" "export -f json -p 1"; do
		status=0
		setpriv --reuid=65534 --clear-groups "$dir/memtop" $arguments >"$dir/out" \
			2>"$dir/err" || status=$?
		cat "$dir/err"
		[ "$status" -eq 3 ]
		[ "$(wc -l <"$dir/err")" -eq 1 ]
		grep -q 'CAP_' "$dir/err"
		grep -q 'sudo' "$dir/err"
		[ ! -s "$dir/out" ]
	done
}

@test "memtop check without root: status 3, and how to mend it" {
	need_root
	cp "$MEMTOP" "$dir/memtop"
	chmod 755 "$dir" "$dir/memtop"
	status=0
	setpriv --reuid=65534 --clear-groups "$dir/memtop" check >"$dir/out" 2>"$dir/err" ||
		status=$?
	cat "$dir/out" "$dir/err"
	[ "$status" -eq 3 ]
	grep -q 'CAP_' "$dir/out"
}

@test "memtop check as root: measuring works here" {
	need_root
	run "$MEMTOP" check
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *measuring* ]]
}

@test "memtop check -v shows each probe, where it sits and what it costs" {
	need_root
	run "$MEMTOP" check -v
	echo "$output"
	[ "$status" -eq 0 ]
	for function in malloc calloc realloc free posix_memalign; do
		[[ "$output" =~ libc[^$'\n']*\ $function\ .*\ (cheap|single-stepped) ]]
	done
}

@test "memtop check -p shows the probes on that process's allocator" {
	need_root
	start kinds_jemalloc
	run "$MEMTOP" check -v -p "$target"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" == *libjemalloc* ]]
	[[ "$output" == *mallocx* ]]
}

@test "a full disk: status 1 and one sentence" {
	need_root
	start small
	status=0
	timeout 30 "$MEMTOP" -p "$target" --json -d 0.1 -i 3 -o /dev/full >"$dir/out" \
		2>"$dir/err" || status=$?
	cat "$dir/err"
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$dir/err")" -eq 1 ]
	grep -qi 'no space' "$dir/err"
	status=0
	timeout 30 "$MEMTOP" -p "$target" -b -d 0.1 -i 3 >/dev/full 2>"$dir/err" || status=$?
	cat "$dir/err"
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$dir/err")" -eq 1 ]
}

@test "a file system that fills up in the middle: no half a file is passed off as whole" {
	need_root
	mkdir "$dir/small"
	mount -t tmpfs -o size=4k none "$dir/small" || skip "tmpfs cannot be mounted here"
	start kinds
	measure export -f json -p "$target" -D 5 -o "$dir/small/out"
	go
	until_said REST
	kill -INT "$memtop"
	status=0
	wait "$memtop" || status=$?
	sed -i '/^memtop: probes are attached/d; /^memtop: stacks walked/d' "$dir/err"
	ls -l "$dir/small" && cat "$dir/err"
	umount "$dir/small"
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$dir/err")" -eq 1 ]
	grep -qi 'no space' "$dir/err"
}

@test "an output file that cannot be made: status 1 and its name" {
	need_root
	start small
	refused 1 'no/such/directory' export -f json -p "$target" -D 0.1 -o "$dir/no/such/directory/x"
}

@test "a closed pipe is no error" {
	need_root
	start small
	set -o pipefail
	line=$(timeout 30 "$MEMTOP" -p "$target" --json -d 0.05 2>"$dir/err" | head -1)
	cat "$dir/err"
	[ ! -s "$dir/err" ]
	[[ "$line" == '{"schema":"memtop/1"'* ]]
	timeout 30 "$MEMTOP" -p "$target" -b -d 0.05 2>"$dir/err" | head -1
	[ ! -s "$dir/err" ]
}

@test "closed standard descriptors do no harm" {
	need_root
	start small
	timeout 30 "$MEMTOP" -p "$target" --json -d 0.1 -i 1 -o "$dir/out" <&- >&- 2>&-
	[ "$(wc -l <"$dir/out")" -eq 1 ]
}

# Start-up is the verifier's work, which a loop in the wrong place multiplies (it took two seconds
# once): 9,000 to 67,000 instructions a program, by kernel and compiler always the same.
@test "no BPF program keeps the verifier busy" {
	need_root
	"$MEMTOP" -vv -p $$ --pymalloc -b -i 1 -d 0.05 2>"$dir/err" >/dev/null
	grep 'instructions verified' "$dir/err"
	[ "$(grep -c 'instructions verified' "$dir/err")" -ge 9 ]
	awk '/instructions verified/ && $(NF - 2) >= 100000 { exit 1 }' "$dir/err"
}
