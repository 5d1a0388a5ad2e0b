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

# perf_script DIR: what perf says of DIR/perf-data, as DIR/theirs; without an option perf cuts stacks.
perf_script() {
	perf script --max-stack 1000 -F comm,pid,tid,time,period,event,ip,sym,symoff,dso \
		-i "$1/perf-data" >"$1/theirs" 2>"$1/perf.err"
}

# the_same DIR: they have said the same.
the_same() {
	diff "$1/perf-script" "$1/theirs" | grep '^[<>]' | head -n 20 | cut -c 1-150
	cmp "$1/perf-script" "$1/theirs"
}

@test "perf script prints perf-data as perf-script, byte for byte" {
	for run in plain kinds; do
		perf_script $run
		grep -q phantom_bytes $run/theirs
		the_same $run
	done
	grep -q plain_large plain/theirs
}

# recorded_run NAME COMMAND...: a recording of it, exported for perf and as perf.
recorded_run() {
	local name=$1 format
	shift
	mkdir "$name"
	timeout 100 "$MEMTOP" record -q -d 0.5 -o "$name/db" -- "$@" >"$name/out" 3>&- || true
	for format in perf-script perf-data; do
		"$MEMTOP" export -q "$name/db" -f $format -o "$name/$format"
	done
	perf_script "$name"
	echo "$name: $(grep -c '^	' "$name/theirs") frames"
	the_same "$name"
}

@test "the same of Debian's Python" {
	need_root
	recorded_run python /usr/bin/python3 -c 'import json, sqlite3, ssl, time
keep = [json.dumps(list(range(n))) for n in range(500)]
big = bytearray(10_000_000)
time.sleep(1.2)'
	grep -q 'py::<module>:<string>' python/theirs
}

@test "the same of sqlite3" {
	need_root
	need sqlite3
	recorded_run sqlite sqlite3 :memory: 'CREATE TABLE t(a, b); WITH RECURSIVE c(x) AS (SELECT 1
		UNION ALL SELECT x + 1 FROM c WHERE x < 300000) INSERT INTO t
		SELECT x, hex(randomblob(50)) FROM c; CREATE INDEX i ON t(b);
		SELECT count(*) FROM t ORDER BY b;'
	grep -q sqlite3 sqlite/theirs
}

@test "the same of a C++ program, whose names perf writes without parameters" {
	need_root
	cat >store.cc <<-'CC'
		#include <map>
		#include <string>
		#include <unistd.h>
		#include <vector>
		namespace shop {
		template <class T> struct Shelf {
			std::vector<T> goods;
			__attribute__((noinline)) void fill(const T &good, int n)
			{
				for (int i = 0; i < n; i++)
					goods.push_back(good);
			}
		};
		}
		int main()
		{
			std::map<std::string, shop::Shelf<std::string>> store;

			// memtop reads libstdc++ meanwhile: stacks end there until it has
			usleep(500000);
			for (int i = 0; i < 50; i++)
				store["shelf " + std::to_string(i)].fill(std::string(100, 'x'), 200);
			sleep(1);
		}
	CC
	"${CXX:-g++}" -O2 -g -o store store.cc
	recorded_run cxx ./store
	grep -qF 'shop::Shelf<std::__cxx11::basic_string<char' cxx/theirs
	grep -q '::fill+0x' cxx/theirs
}

@test "the same of redis-server" {
	need_root
	need redis-server
	recorded_run redis timeout 2 redis-server --port 0 --unixsocket "$PWD/redis.sock" --save ''
	grep -q redis-server redis/theirs
}

@test "the same of node, with the map that it leaves" {
	need_root
	need node
	recorded_run node "$(realpath "$(command -v node)")" --perf-basic-prof-only-functions -e '
		const keep = [];
		function fill_shelves(n) { for (let i = 0; i < n; i++) keep.push(Buffer.alloc(100000, i)); }
		fill_shelves(100);
		setTimeout(() => fill_shelves(100), 800);
		setTimeout(() => {}, 1500);'
	rm -f "/tmp/perf-$(sqlite3 -readonly node/db 'SELECT pid FROM process LIMIT 1').map"
	grep -q fill_shelves node/theirs
}

@test "perf finds the names that perf-script has, in any place of any file" {
	mkdir places
	files=()
	for file in "$MEMTOP" /usr/bin/{python3,sqlite3,redis-server,node,gdb,perl} \
		/usr/lib/x86_64-linux-gnu/{libc.so.6,ld-linux-x86-64.so.2,libstdc++.so.6,libcrypto.so.3}; do
		[ ! -e "$file" ] || files+=("$(realpath "$file")")
	done
	"$CONSUMERS/write_formats" places places "${files[@]}"
	perf_script places
	echo "$(grep -c '^	' places/theirs) places in ${#files[@]} files"
	[ "$(grep -c '^	' places/theirs)" -ge 16000 ]
	the_same places
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

@test "hotspot: its parser finds the same bytes, and names" {
	parser=$(ls /usr/lib/*/libexec/hotspot-perfparser /usr/libexec/hotspot-perfparser 2>/dev/null |
		head -n 1)
	# 98 packages of Qt and KDE are not asked for by tools/packages.txt
	[ -n "$parser" ] || skip "there is no hotspot"
	for run in plain kinds hand; do
		"$BATS_TEST_DIRNAME/hotspot.py" "$parser" $run/perf-data >$run/hotspot
		head -n 12 $run/hotspot
		for event in alloc_bytes=allocated resident_bytes=resident phantom_bytes=phantom \
			swapped_bytes=swapped; do
			grep -qx "${event%=*} $(sum $run "${event#*=}")" $run/hotspot
		done
	done
	grep -q '^command app 4711$' hand/hotspot
	grep -q '^symbol plain_large plain$' plain/hotspot
	grep -qE '^symbol (__GI_)?(__libc_)?malloc libc.so.6$' plain/hotspot
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
	the_same from_run
}
