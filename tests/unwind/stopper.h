/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stopper: stop.bpf.c loaded upon a memtop's maps: stops threads of one process and hands over the
 * stacks that the unwinder found there.
 *
 * The test arms one way of stopping at a time, takes the sample, looks at the stopped thread and
 * lets the process go on by a SIGCONT.  It never unwinds anything itself.
 */
#ifndef MEMTOP_TEST_STOPPER_H
#define MEMTOP_TEST_STOPPER_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "memtop.h"
#include "stop.h"

struct measuring;
struct stopper;

/* NULL, with libbpf's words on stderr, when it cannot be loaded. */
struct stopper *stopper_open(const struct measuring *m, pid_t pid);

/* STOP_ENTRY or STOP_INSIDE at a function of the file at path; 0 or -errno. */
int stopper_probe(struct stopper *s, enum stop_way way, const char *path, const char *function);

/* Puts a uretprobe on a function, and beside it what notes the return address; 0 or -errno. */
int stopper_hold(struct stopper *s, const char *path, const char *function);

/* Only the noting, for a function that has a uretprobe already. */
int stopper_note(struct stopper *s, const char *path, const char *function);

/* STOP_FAULT, STOP_SYSCALL or STOP_SAMPLED; 0 or -errno. */
int stopper_watch(struct stopper *s, enum stop_way way);

/* The n-th event of this kind from now on stops its thread. */
void stopper_arm(struct stopper *s, enum stop_way way, unsigned int n);
void stopper_disarm(struct stopper *s, enum stop_way way);

/* The sample of a thread that is being stopped: 1, or 0 when none came in time. */
int stopper_wait(struct stopper *s, struct stop_sample *sample, int timeout_ms);

/* What a uretprobe has replaced in this stack slot; 0: not known. */
uint64_t stopper_original(const struct stopper *s, uint64_t slot);

/* Walks made so far, and how many of them the memo answered. */
uint64_t stopper_walks(const struct stopper *s);
uint64_t stopper_memo_hits(const struct stopper *s);

/* Detaches everything; may be NULL. */
void stopper_close(struct stopper *s);

#endif
