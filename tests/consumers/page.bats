#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The page of `memtop html` in Debian's chromium, and the drawing of its timeline.

load common

# One browser does all that is asked of one page: it takes seconds to start.
in_browser() {
	need_npm playwright-core
	status=0
	timeout 100 node "$BATS_TEST_DIRNAME/page.mjs" "$@" >"$dir/browser" 2>&1 || status=$?
	cat "$dir/browser"
	[ $status -ne 77 ] || skip "there is no chromium"
	[ $status -eq 0 ]
}

need_page() {
	grep -aq 'id="flame"' "$1" || skip "memtop was built without npm"
}

@test "the page opens, zooms, switches figures, compares, searches and sorts" {
	"$CONSUMERS/write_formats" "$dir"
	need_page "$dir/html"
	mv "$dir/html" "$dir/page.html"
	in_browser opens,values,zooms,moments,processes,compares,searches,sorts,themes,narrow "$dir/page.html"
}

@test "hostile names stay text" {
	"$CONSUMERS/write_formats" "$dir" hostile
	need_page "$dir/html"
	mv "$dir/html" "$dir/page.html"
	in_browser hostile "$dir/page.html"
}

@test "a page of 100,000 stacks opens, and says how soon" {
	"$CONSUMERS/write_formats" "$dir" big
	need_page "$dir/html"
	ls -l "$dir/html"
	mv "$dir/html" "$dir/page.html"
	in_browser big "$dir/page.html"
}

@test "the page loads nothing" {
	"$CONSUMERS/write_formats" "$dir"
	need_page "$dir/html"
	! grep -oaE '(src|href)="[^"]+"' "$dir/html" | grep -v 'data:,'
	! grep -aE '@import|url\(' "$dir/html"
}

@test "memtop html measures a process, and writes a page" {
	need_root
	start small
	measure html -p "$target" -d 0.2 -D 1.5 -o "$dir/page.html"
	go
	wait "$memtop"
	need_page "$dir/page.html"
	sed -n 's|.*<script type="application/json" id="data">\(.*\)</script>.*|\1|p' "$dir/page.html" |
		jq -e '(.points.time | length) > 3 and (.moments | length) > 3 and
			(.frames | index("small_block")) and (.points.allocated | max) >= 50500'
}

@test "svg: a drawing that is well-formed, from html and from export" {
	need_root
	start small
	timeout 60 "$MEMTOP" html --svg -p "$target" -d 0.2 -D 1 -o "$dir/a.svg"
	timeout 60 "$MEMTOP" export -f svg -p "$target" -d 0.2 -D 1 -o "$dir/b.svg"
	"$CONSUMERS/write_formats" "$dir"
	for drawing in a.svg b.svg svg; do
		/usr/bin/python3 - "$dir/$drawing" <<'PY'
import sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
ns = "{http://www.w3.org/2000/svg}"
assert root.tag == ns + "svg"
curves = [p for p in root.iter(ns + "path") if p.get("fill") == "none"]
assert len(curves) == 5 and all(p.get("d").count("L") for p in curves), len(curves)
PY
	done
}

@test "memtop html of a recording" {
	need_root
	start small
	measure record -p "$target" -d 0.1 -o "$dir/run.db"
	go
	until_said REST
	"$MEMTOP" mark -p "$target" 'a <b>mark</b>'
	sleep 0.5
	kill -INT "$memtop"
	wait "$memtop"
	"$MEMTOP" html "$dir/run.db" -o "$dir/page.html"
	need_page "$dir/page.html"
	sed -n 's|.*<script type="application/json" id="data">\(.*\)</script>.*|\1|p' "$dir/page.html" |
		jq -e '(.moments | length) > 3 and (.frames | index("small_block")) and
			([.events[].label] | index("a <b>mark</b>"))'
	"$MEMTOP" html --svg "$dir/run.db" -o "$dir/run.svg"
	grep -q 'a &#60;b&#62;mark' "$dir/run.svg"
}

@test "memtop html of a single measurement" {
	need_root
	# on a busy machine there may be time for two
	for _ in $(seq 20); do
		rm -f "$dir"/a.db*
		timeout 60 "$MEMTOP" record -q -o "$dir/a.db" -- true 3>&-
		moments=$(sqlite3 -readonly "$dir/a.db" 'SELECT count(*) FROM moment')
		[ "$moments" -ne 1 ] || break
	done
	[ "$moments" -eq 1 ]
	"$MEMTOP" html "$dir/a.db" -o "$dir/page.html"
	need_page "$dir/page.html"
	in_browser single "$dir/page.html"
}

@test "without npm the page is left out, and that is said" {
	mkdir "$dir/bin"
	for tool in sh dirname realpath; do
		ln -s "$(command -v $tool)" "$dir/bin/$tool"
	done
	PATH=$dir/bin "$BATS_TEST_DIRNAME/../../web/build" "$dir/page.html" 2>"$dir/said"
	grep -q 'memtop html is left out: there is no npm' "$dir/said"
	[ -e "$dir/page.html" ]
	[ ! -s "$dir/page.html" ]
}
