#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What memtop says of itself, and to those who get its command line wrong.

load common

@test "--help tells usage, options and examples, on stdout" {
	"$MEMTOP" --help >"$dir/out" 2>"$dir/err"
	[ ! -s "$dir/err" ]
	grep -q '^usage: memtop' "$dir/out"
	grep -q '^examples:' "$dir/out"
	grep -q 'sudo memtop -p' "$dir/out"
	grep -q -- '-p, --pid' "$dir/out"
	grep -q 'exit status' "$dir/out"
	for verb in top export check; do
		grep -qE "^  $verb +[a-z]" "$dir/out"
	done
}

@test "-h and each command's --help" {
	"$MEMTOP" -h | grep -q '^usage: memtop'
	for verb in top export check; do
		"$MEMTOP" $verb --help | grep -q "^usage: memtop .*$verb"
	done
	"$MEMTOP" export --help | grep -q 'perf-script'
}

@test "--help keeps to 100 columns" {
	! "$MEMTOP" --help | grep -E '.{101}'
	! "$MEMTOP" export --help | grep -E '.{101}'
}

@test "--version is one line: a name and a number" {
	run "$MEMTOP" --version
	[ "$status" -eq 0 ]
	[[ "$output" =~ ^memtop\ [0-9]+\.[0-9]+[.0-9]*$ ]]
	[ "$("$MEMTOP" -V)" = "$output" ]
}

@test "a misspelt option: status 2 and what was meant" {
	refused 2 'did you mean --pid' --pdi 1
	refused 2 'did you mean --delay' --dealy 1
	refused 2 'did you mean --json' --jsno
	refused 2 '' --nothing-like-it
}

@test "a misspelt command: status 2 and what was meant" {
	refused 2 'did you mean export' exprot
	refused 2 'did you mean check' chek
	refused 2 'did you mean -p 1234' 1234
}

@test "options with wrong values: status 2, and what is wanted" {
	refused 2 "'x'" -p x
	refused 2 "'-5'" -p -5
	refused 2 "'0'" -p 0
	refused 2 'soon' -d soon
	refused 2 'fast' -m fast
	refused 2 'beauty' -s beauty
	refused 2 'colour' -g colour
	refused 2 "'0'" -i 0
	refused 2 '' --color maybe
	refused 2 '--pid' -p
	refused 2 '' --pid=1 --all
}

@test "a number that is too large is refused, not cut" {
	refused 2 '99999999999999999999' -p 99999999999999999999
	refused 2 '99999999999999999999' -i 99999999999999999999
}

@test "export wants a format, and one that there is" {
	refused 2 'format' export -p 1
	refused 2 'perf-scrpt' export -f perf-scrpt -p 1
}

@test "a bad regular expression is told at once" {
	refused 2 '' -p 1 --focus '('
}

@test "an unknown user is a target that there is not: status 5" {
	refused 5 'no-such-user' -u no-such-user
}

@test "--types needs a process, and a figure that kinds of objects have" {
	refused 2 'needs a process' --types
	refused 2 'not by touched' --types -p 1 -s touched
	refused 2 'a recording has no kinds of objects' report --types x.db -p 1
	refused 2 'goes with --types only' report -p 1
}

@test "--source prints a table by line, and nothing else" {
	refused 2 'prints a table' --source x.py --json -p 1
	refused 2 'by line' report --source x.py -g stack
	refused 2 'not both' --source x.py --types -p 1
}

@test "--pymalloc without probes is refused" {
	refused 2 '--mode' -p 1 --pymalloc -m pages
	refused 2 '--mode' -p 1 -m pages --pymalloc
}
