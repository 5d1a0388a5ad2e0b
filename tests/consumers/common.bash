# SPDX-License-Identifier: GPL-2.0-or-later
# For the bats files here.

load ../cli/common

: "${CONSUMERS:=$BATS_TEST_DIRNAME/../../build/consumers}"

need() {
	command -v "$1" >/dev/null || skip "there is no $1"
}

need_npm() {
	need node
	[ -d "$BATS_TEST_DIRNAME/node_modules/$1" ] || skip "npm's $1 is not installed"
}

# measured DIR PROGRAM: one snapshot of it, when it has done its work, as DIR/FORMAT in every format.
measured() {
	local out=$1 writer dir
	need_root
	dir=$(mktemp -d)
	start "$2"
	mkfifo "$dir/to_writer"
	mkdir "$out"
	"$CONSUMERS/write_formats" "$out" "$target" <"$dir/to_writer" >"$dir/writer" 3>&- &
	writer=$!
	exec {to_writer}>"$dir/to_writer"
	until grep -q READY "$dir/writer"; do
		kill -0 $writer || return 1
		sleep 0.02
	done
	go
	until_said REST
	echo >&"$to_writer"
	exec {to_writer}>&-
	wait $writer
	exec {to_target}>&-
	wait "$target" || true
	target=
	rm -r "$dir"
}

# by_hand DIR: the snapshot of tests/unit/fixture_snapshot.h, with all kinds of stacks and names.
by_hand() {
	mkdir "$1"
	"$CONSUMERS/write_formats" "$1"
}

# sum DIR FIGURE: of all stacks, in memtop's own words.
sum() {
	jq "[.stacks[].$2 // 0] | add" "$1/json"
}
