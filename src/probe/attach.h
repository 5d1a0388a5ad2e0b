/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attach: puts two BPF programs on the sites of a plan, and takes them off again.
 *
 * The live producer has one probe_set for each file that it probes.  A set holds nothing but file
 * descriptors, so that a killed memtop leaves no probe behind; it never writes to a target, nor
 * decides which files to probe.
 *
 *	probe_set --> links of kind uprobe_multi: one for all entries, all returns, all exits
 *	          or  links of kind perf event:   one for each of them
 */
#ifndef MEMTOP_PROBE_ATTACH_H
#define MEMTOP_PROBE_ATTACH_H

#include <stddef.h>
#include <sys/types.h>

#include "probe/plan.h"

struct bpf_program;

enum probe_method {
	PROBE_MULTI, /* BPF links of type uprobe_multi, Linux 6.6 (pid filter mended in 6.10) */
	PROBE_PERF,  /* a perf event for each probe, with a cookie: Linux 5.15 */
};

/*
 * Finds out by trying which method this kernel offers to this user.  0, or -EPERM when it does not
 * let BPF programs be loaded at all (the sentence says which capability is missing), or -errno.
 */
int probe_method_detect(enum probe_method *method);

/* "uprobe_multi" or "perf"; static. */
const char *probe_method_name(enum probe_method method);

/* To be called for enter and leave between opening and loading their object: multi needs it. */
void probe_method_prepare(enum probe_method method, struct bpf_program *program);

struct probe_set;

/* The BPF programs that a plan's sites are for. */
struct probe_programs {
	const struct bpf_program *enter, *leave;
	const struct bpf_program *copy; /* NULL: no plan has copies */
};

/* Empty; NULL when memory is out. */
struct probe_set *probe_set_new(enum probe_method method);

/*
 * Attaches the sites of plan in the file at path: `leave` to the return of those that want it and
 * to the exits, then `copy` to copies and `enter` to the others, so that no entry is seen whose
 * return is not.  Calls already in flight give returns without an entry.  bpf_get_attach_cookie()
 * gives either the site's cookie.
 *
 * path is resolved once, by the kernel, in this process's view; /proc/PID/root/… and
 * /proc/self/fd/N (also of a file that is deleted by now) will do.  pid: only this process, all its
 * threads, also later ones; 0: every process, also later ones.  The programs must be loaded.
 *
 * Functions that throw whose rets are not known (site.unseen) are left out: libgcc's unwinder would
 * meet the return probe's trampoline, and end the program.  (Putting the return address back needs
 * bpf_probe_write_user, which not every kernel permits.)  A site that the kernel refuses while it
 * takes others is logged (LOG_WARN), counted (probe_set_refused()) and left out.
 * 0 (also for a plan without sites), or -errno with error_text() set and nothing of this call left
 * attached: -EPERM and -EACCES (which capability is missing), -ESRCH no such process, -ENOENT no
 * such file, -ENOTSUP no site can be probed.
 */
int probe_attach(struct probe_set *set, const struct probe_plan *plan, const char *path, pid_t pid,
		 const struct probe_programs *programs);

/* How many links are in force; for notes and tests. */
size_t probe_set_links(const struct probe_set *set);

/* How many sites the kernel has refused while it took others; what they count is missing. */
size_t probe_set_refused(const struct probe_set *set);

/* Detaches all and frees the set; may be NULL. Returns still pending in a target go nowhere. */
void probe_set_close(struct probe_set *set);

#endif
