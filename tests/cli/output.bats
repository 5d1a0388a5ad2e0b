#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What comes out: tables, JSON, exports.

load common

json() {
	/usr/bin/python3 -c "
import json, sys
documents = [json.loads(line) for line in open('$dir/out')]
$1"
}

@test "-i N gives N documents, and ends" {
	need_root
	start small
	timeout 30 "$MEMTOP" -p "$target" --json -d 0.1 -i 4 >"$dir/out"
	[ "$(wc -l <"$dir/out")" -eq 4 ]
	json "assert all(d['schema'] == 'memtop/1' for d in documents)
assert all(a['elapsed_s'] < b['elapsed_s'] for a, b in zip(documents, documents[1:]))"
}

@test "-D stops after that time, -d sets the pace" {
	need_root
	start small
	timeout 30 "$MEMTOP" -p "$target" --json -d 0.2 -D 1 >"$dir/out"
	json "assert 4 <= len(documents) <= 6, len(documents)
assert documents[-1]['elapsed_s'] > 0.9, documents[-1]['elapsed_s']"
}

@test "every document keeps the identities" {
	need_root
	start kinds
	measure -p "$target" --json -d 0.2 -i 4 -o "$dir/out"
	go
	wait "$memtop"
	/usr/bin/python3 -B "$BATS_TEST_DIRNAME/../live/check.py" <"$dir/out"
}

@test "the table has headings, aligned sizes, and no escapes" {
	need_root
	start small
	measure -p "$target" -b -d 1 -i 1 -o "$dir/out"
	go
	wait "$memtop"
	cat "$dir/out"
	! grep -q $'\033' "$dir/out"
	grep -q 'ALLOCATED.*RESIDENT' "$dir/out"
	grep -qi 'PHANTOM' "$dir/out"
	grep -qi 'SWAPPED' "$dir/out"
	grep -q 'small_block' "$dir/out"
	grep -qE '49\.3 ?K' "$dir/out"
}

@test "--bytes prints exact integers" {
	need_root
	start small
	measure -p "$target" -b --bytes -d 1 -i 1 -o "$dir/out"
	go
	wait "$memtop"
	cat "$dir/out"
	grep -qE '\b50,?500\b' "$dir/out"
}

@test "-o writes to a file, and nothing to stdout" {
	need_root
	start small
	timeout 30 "$MEMTOP" -p "$target" --json -d 0.1 -i 2 -o "$dir/out" >"$dir/stdout"
	[ ! -s "$dir/stdout" ]
	json "assert len(documents) == 2"
}

@test "export -f perf-script, parsed field by field" {
	need_root
	start small
	measure export -f perf-script -p "$target" -D 2 -o "$dir/out"
	go
	wait "$memtop"
	head -20 "$dir/out"
	"$BATS_TEST_DIRNAME/perf_script.py" "$dir/out" small_block=50500
}

@test "export: the formats agree with each other" {
	need_root
	start small
	for format in json csv folded perf-script; do
		measure export -f $format -p "$target" -o "$dir/$format"
		memtops+=("$memtop")
	done
	go
	until_said REST
	for memtop in "${memtops[@]}"; do
		kill -INT "$memtop"
		wait "$memtop"
	done
	"$BATS_TEST_DIRNAME/perf_script.py" "$dir/perf-script" small_block=50500
	head -3 "$dir/csv" "$dir/folded"
	/usr/bin/python3 - "$dir" <<'PY'
import csv, json, sys
where = sys.argv[1]
document = json.load(open(where + "/json"))
want = sum(s["allocated"] for s in document["stacks"]
           if any(f.get("function") == "small_block" for f in s["frames"]))
assert want == 50500, want
folded = 0
for line in open(where + "/folded"):
    frames, count = line.rstrip("\n").rsplit(" ", 1)
    folded += int(count) if "small_block" in frames.split(";") else 0
assert folded == want, folded
rows = list(csv.DictReader(open(where + "/csv")))
have = sum(int(r["allocated"]) for r in rows if any("small_block" in v for v in r.values() if v))
assert have == want, have
PY
}
