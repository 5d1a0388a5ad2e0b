/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measuring: a memtop that measures a process, and its BPF maps at hand.
 *
 * Tests and benchmarks load programs of their own upon these maps, so that the unwinder finds just
 * what that memtop gives it.  It starts the memtop and ends it; it never writes to its maps.
 */
#ifndef MEMTOP_TEST_MEASURING_H
#define MEMTOP_TEST_MEASURING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_object;
struct measuring;

/*
 * Starts the memtop at path upon process pid in this mode ("full" or "pages") and waits, at most 20
 * s, until its unwinder knows the process's code.  NULL, with a line on stderr, when it does not.
 */
struct measuring *measuring_open(const char *path, pid_t pid, const char *mode);

/*
 * Has object's maps be memtop's wherever the names are the same; to be called before it is loaded.
 */
int measuring_share(const struct measuring *m, struct bpf_object *object);

/* Sum over all CPUs of an enum counter. */
uint64_t measuring_counter(const struct measuring *m, uint32_t counter);

/* How many tallies the programs may use: settings.max_tallies. */
uint32_t measuring_max_tallies(const struct measuring *m);

pid_t measuring_pid(const struct measuring *m);

/* Ends the memtop; may be NULL. */
void measuring_close(struct measuring *m);

#endif
