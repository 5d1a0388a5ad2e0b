/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object_census: what kinds of objects the interpreter in a process has in memory now.
 *
 * `memtop --types` calls it; it needs no probe and no BPF program.  It finds the interpreter and
 * translates what python/census.h counts; it never stops the process nor writes to it.
 */
#ifndef MEMTOP_LIVE_OBJECT_CENSUS_H
#define MEMTOP_LIVE_OBJECT_CENSUS_H

#include <stdbool.h>
#include <sys/types.h>

#include "model/object_types.h"

/* Asked all the time: false ends a look that nobody waits for any more. */
struct object_census_wish {
	bool (*go_on)(void *ctx);
	void *ctx;
};

/*
 * Looks at process pid once; *out (overwritten) is the caller's, to be ended by object_types_free()
 * also after a failure.  0 or -errno with error_text(): -ESRCH no such process, -EPERM or -EACCES
 * not permitted, -ENOEXEC no interpreter that memtop can read runs there, -ECANCELED as wished,
 * -ENOMEM.
 */
int object_census_take(pid_t pid, const struct object_census_wish *wish, struct object_types *out);

#endif
