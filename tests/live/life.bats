#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# How targets and memtop begin and end, and what is left when they have.

load common

@test "memtop ended by SIGINT at 17 random moments" {
	live life.py ended SIGINT 17 1
}

@test "memtop ended by SIGTERM at 17 random moments" {
	live life.py ended SIGTERM 17 2
}

@test "memtop ended by SIGKILL at 17 random moments" {
	live life.py ended SIGKILL 17 3
}

@test "while it runs, memtop holds programs and links" {
	live life.py holds
}

@test "SIGINT in the middle of a long wait ends it at once, in good order" {
	live life.py in_good_order SIGINT
}

@test "SIGTERM in the middle of a long wait ends it at once, in good order" {
	live life.py in_good_order SIGTERM
}

@test "a target that dies at 15 random moments" {
	live life.py killed 15 4
}

@test "a target whose death takes its time" {
	live life.py slow_death
}

@test "a target whose main thread ends before the others" {
	live life.py headless
}

@test "a target that ends: its last figures, and status 0" {
	live life.py exit_in_order
}

@test "-a: a program that starts later is counted from its birth" {
	live life.py born small 131072
}

@test "-a: each kind, in a program that starts later" {
	# the stacks of its two threads, and what the loader and the C library keep
	live life.py born kinds $((2 * 8 * 1024 * 1024 + 131072))
}

@test "-a: every process of the machine" {
	live life.py everybody
}

@test "-n: by name" {
	live life.py by_name
}

@test "-n: not by the name of a thread" {
	live life.py by_thread_name
}

@test "-n: ends after -i looks, though its processes have ended before" {
	live life.py iterations
}

@test "-u: by user" {
	live life.py by_user
}

@test "-p with two processes" {
	live life.py two_pids
}

@test "a large program that calls exec is still measured" {
	live life.py execs
}

@test "two memtops on one target" {
	live life.py at_once
}

@test "a kernel thread is refused" {
	live life.py kernel_thread
}

@test "a process that has ended but is not reaped is refused" {
	live life.py zombie
}

@test "a 32-bit target is refused" {
	live life.py bits32
}

@test "a target that becomes a 32-bit program" {
	live life.py becomes_32
}

@test "a program that others are written over, and run at once" {
	live life.py overwritten
}

@test "at the limit of inotify instances memtop says so" {
	live life.py no_watch
}
