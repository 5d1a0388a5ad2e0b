#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The include lint must find each kind of violation in a tree that breaks the rule once.

setup() {
	lint=$BATS_TEST_DIRNAME/../../tools/lint-includes
	mkdir -p "$BATS_TEST_TMPDIR/bpf"
	for layer in cmd view export record net live model probe proc stack base; do
		mkdir -p "$BATS_TEST_TMPDIR/src/$layer"
	done
	put src/main.c '#include "cmd/top.h"'
	put bpf/heap.bpf.c '#include "vmlinux.h"'
}

# put FILE TEXT: one more line in a file of the tree.
put() {
	printf '%s\n' "$2" >>"$BATS_TEST_TMPDIR/$1"
}

refuses() {
	run "$lint" "$BATS_TEST_TMPDIR"
	[ "$status" -ne 0 ]
	[[ $output == *"$1"* ]]
}

@test "the tree of this project keeps to the layers" {
	"$lint" "$BATS_TEST_DIRNAME/../.."
}

@test "what the layers allow passes" {
	put src/cmd/top.c '#include "live/live.h"'
	put src/cmd/top.c 'void f(void) { printf("x"); exit(0); }'
	put src/live/live.c '#include "memtop.skel.h"'
	put src/live/live.c '#include "proc/maps.h"'
	put src/probe/attach.c '#include <bpf/libbpf.h>'
	put src/view/table.c 'void f(FILE *o) { fprintf(o, "printf("); snprintf(b, 1, ""); }'
	put src/view/table.c '/* never printf() here,'
	put src/view/table.c ' * nor exit() */ // abort()'
	"$lint" "$BATS_TEST_TMPDIR"
}

@test "a view that includes the live side is refused" {
	put src/view/table.c '#include "live/live.h"'
	refuses "src/view/table.c:1: src/view must not include live/live.h"
}

@test "a model that includes a view is refused" {
	put src/model/snapshot.c ' #  include "view/table.h"'
	refuses "src/model must not include view/table.h"
}

@test "base includes nothing of the domain" {
	put src/base/vec.c '#include "model/snapshot.h"'
	refuses "src/base must not include model/snapshot.h"
}

@test "probe, proc and stack do not know each other" {
	put src/proc/maps.c '#include "stack/symbols.h"'
	refuses "src/proc must not include stack/symbols.h"
}

@test "an export that includes proc is refused" {
	put src/export/folded.c '#include "proc/maps.h"'
	refuses "src/export must not include proc/maps.h"
}

@test "the skeleton belongs to src/live" {
	put src/probe/attach.c '#include "memtop.skel.h"'
	refuses "only src/live may include memtop.skel.h"
}

@test "libbpf and the BPF contract stay below live" {
	put src/cmd/top.c '#include <bpf/libbpf.h>'
	refuses "src/cmd must not use libbpf"
	put src/view/table.c '#include "memtop.h"'
	refuses "src/view must not know bpf/memtop.h"
	put src/stack/cfi.c '#include "probe_cookie.h"'
	refuses "src/stack must not know bpf/probe_cookie.h"
}

@test "an include that is not relative to src/ is refused" {
	put src/base/vec.c '#include "vec.h"'
	refuses "not relative to src/"
}

@test "BPF programs include nothing of the user side" {
	put bpf/heap.bpf.c '#include "base/vec.h"'
	refuses "bpf/ must not include base/vec.h"
}

@test "printing below cmd is refused" {
	put src/stack/symbols.c 'void f(void) { printf("x"); }'
	refuses "only src/cmd prints"
}

@test "stderr below cmd is refused" {
	put src/live/live.c 'void f(void) { fprintf(stderr, "x"); }'
	refuses "only src/cmd prints"
}

@test "exit() below cmd is refused" {
	put src/proc/maps.c 'void f(void) { if (1) exit(1); }'
	refuses "only src/cmd may end the process"
}

@test "a folder that is no layer is refused" {
	mkdir "$BATS_TEST_TMPDIR/src/utils"
	put src/utils/misc.c 'int x;'
	refuses "no layer"
}
