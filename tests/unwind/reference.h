/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference: the stack of a stopped thread as elfutils' libdwfl unwinds it.
 *
 * The test holds memtop's unwinder against it.  Registers are read by ptrace and the stack out of
 * the process's memory; nothing comes from memtop, nor from BPF except the words that uretprobes
 * have replaced.
 */
#ifndef MEMTOP_TEST_REFERENCE_H
#define MEMTOP_TEST_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define REFERENCE_MAX_FRAMES 1024

struct reference_stack {
	uint64_t sp; /* of the stopped thread */
	size_t n;
	uint64_t pc[REFERENCE_MAX_FRAMES];
	bool interrupted
		[REFERENCE_MAX_FRAMES]; /* pc is where it was interrupted, no return address */
	const char
		*error; /* libdwfl's words when it did not come to the thread's root; else NULL */
	bool unknown_uretprobe; /* somebody else's: what it has replaced is not known */
};

/* What is in a stack slot that holds the address of a uretprobe's trampoline; 0: not known. */
typedef uint64_t (*reference_original_fn)(void *ctx, uint64_t slot);

struct reference;

/*
 * pid is a child of this process; it may load and unload code while it is open here.  NULL when it
 * cannot be examined.
 */
struct reference *reference_open(pid_t pid, reference_original_fn original, void *ctx);

/*
 * Unwinds thread tid, to which a SIGSTOP has been sent, once it has stopped; it stays stopped.
 * False when the process has ended, or does not stop within 10 s.
 */
bool reference_walk(struct reference *r, pid_t tid, struct reference_stack *stack);

/* The file that has code at pc: the last part of its name, or "[vdso]"; "?" for none. */
const char *reference_module(struct reference *r, uint64_t pc);

/* The function at pc, or "?". */
const char *reference_symbol(struct reference *r, uint64_t pc);

/* The DWARF register that the CFA is an offset from at pc; -1 when it is not so simple. */
int reference_cfa_register(struct reference *r, uint64_t pc);

/* May be NULL. */
void reference_close(struct reference *r);

#endif
