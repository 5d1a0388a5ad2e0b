#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every allocation counted: what memtop says of a program equals what the program says of itself.

load common

@test "each kind of allocation and mapping, without frame pointers" {
	live heap.py truth kinds
}

@test "each kind of allocation and mapping, with frame pointers" {
	live heap.py truth kinds.fp
}

@test "each kind in a static executable" {
	live heap.py truth kinds_static
}

@test "new and delete, string, vector" {
	live heap.py truth kinds_cxx
}

@test "jemalloc: each kind" {
	live heap.py truth kinds_jemalloc
}

@test "jemalloc: operator new, which may throw" {
	live heap.py throwing_new kinds_cxx_jemalloc
}

@test "jemalloc: mallocx, rallocx, xallocx, sdallocx" {
	live heap.py truth calls_jemalloc
}

@test "a program and an allocator that are deleted" {
	live heap.py deleted kinds_jemalloc
}

@test "a program and an allocator in another mount namespace" {
	live heap.py contained kinds_jemalloc
}

@test "the library of a target's allocator is written to" {
	live heap.py written_to kinds_jemalloc
}

@test "tcmalloc: each kind" {
	live heap.py truth kinds_tcmalloc
}

@test "tcmalloc: its own operator new, which may throw" {
	live heap.py throwing_new kinds_cxx_tcmalloc
}

@test "tcmalloc: its own calls" {
	live heap.py throwing_new calls_tcmalloc
}

@test "mimalloc: each kind" {
	live heap.py truth kinds_mimalloc
}

@test "mimalloc: operator new, which may throw" {
	live heap.py throwing_new kinds_cxx_mimalloc,dies
}

@test "mimalloc: its own calls" {
	live heap.py truth calls_mimalloc
}

@test "musl: each kind" {
	live heap.py without_cfi kinds_musl
}

@test "musl, static: each kind" {
	live heap.py without_cfi kinds_musl_static
}

@test "a stack behind a function that says rbp is lost is cut off there" {
	live heap.py lost_rbp
}

@test "200,000 random operations, one thread" {
	live heap.py oracle oracle 200000 1 1
}

@test "200,000 random operations, two threads that free each other's blocks" {
	live heap.py oracle oracle 200000 2 2
}

@test "200,000 random operations, two threads, frame pointers" {
	live heap.py oracle oracle.fp 200000 2 3
}

@test "threads that come and go, and threads that stay" {
	live heap.py threads
}

@test "fork, vfork and exec: each process counts its own" {
	live heap.py forks
}

@test "a fork changes nothing for a parent that is measured alone" {
	live heap.py fork_unfollowed
}

@test "what each stack held at the peak" {
	live heap.py peak
}
