# SPDX-License-Identifier: GPL-2.0-or-later
# For the bats files here.

: "${MEMTOP:=$BATS_TEST_DIRNAME/../../memtop}"
: "${PROGRAMS:=$BATS_TEST_DIRNAME/../../build/programs}"

setup() {
	dir=$(mktemp -d)
	target=
}

teardown() {
	if [ -n "$target" ]; then
		exec {to_target}>&-
		kill "$target" 2>/dev/null || true
		wait "$target" 2>/dev/null || true
	fi
	rm -rf "$dir"
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "not root"
}

# start NAME: a program of tests/programs, which waits for go; its pid is in $target.
start() {
	[ -x "$PROGRAMS/$1" ] || skip "$1 is not built"
	mkfifo "$dir/to_target"
	"$PROGRAMS/$1" <"$dir/to_target" >"$dir/said" 3>&- &
	target=$!
	exec {to_target}>"$dir/to_target"
	until_said READY
}

# go: lets the target do its work.
go() {
	echo >&"$to_target"
}

until_said() {
	for _ in $(seq 500); do
		! grep -q "^$1" "$dir/said" || return 0
		sleep 0.02
	done
	return 1
}

# measure ARGUMENT…: starts a memtop in the background, as $memtop, and waits until it measures; its
# messages go to $dir/err.
measure() {
	timeout 60 "$MEMTOP" "$@" -v 2>"$dir/err" 3>&- &
	memtop=$!
	for _ in $(seq 500); do
		! grep -q 'probes are attached' "$dir/err" || return 0
		sleep 0.02
	done
	return 1
}

# refused STATUS WORDS ARGUMENT…: memtop ends with the status, prints nothing on stdout, and one
# line on stderr that begins with its name and holds the words.
refused() {
	local want=$1 words=$2 got=0
	shift 2
	timeout 30 "$MEMTOP" "$@" >"$dir/out" 2>"$dir/err" </dev/null 3>&- || got=$?
	cat "$dir/err"
	[ "$got" -eq "$want" ] || { echo "exit status $got, not $want"; return 1; }
	[ "$(wc -l <"$dir/err")" -eq 1 ] || { echo "not one line"; return 1; }
	grep -q '^memtop: ' "$dir/err" || { echo "it does not begin with memtop:"; return 1; }
	! grep -q '^memtop: memtop' "$dir/err" || { echo "it says memtop twice"; return 1; }
	grep -qi -- "$words" "$dir/err" || { echo "it does not say: $words"; return 1; }
	[ ! -s "$dir/out" ] || { echo "there is output:"; head -5 "$dir/out"; return 1; }
}
