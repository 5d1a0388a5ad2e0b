// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/findings.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/units.h"

struct findings {
	FILE *out;
	const struct capability_facts *facts;
	enum exit_status status;
};

void finding_print(FILE *out, enum verdict verdict, const char *what, const char *mend)
{
	static const char *const words[] = {
		[VERDICT_OK] = "ok", [VERDICT_LIMITED] = "limited", [VERDICT_MISSING] = "missing"
	};

	fprintf(out, "%-8s %s%s%s\n", words[verdict], what, mend ? " - " : "", mend ? mend : "");
}

static void ok(struct findings *f, const char *what)
{
	finding_print(f->out, VERDICT_OK, what, NULL);
}

static void limited(struct findings *f, const char *what, const char *mend)
{
	finding_print(f->out, VERDICT_LIMITED, what, mend);
}

static void missing(struct findings *f, enum exit_status status, const char *what, const char *mend)
{
	finding_print(f->out, VERDICT_MISSING, what, mend);
	if (f->status == EXIT_DONE)
		f->status = status;
}

static bool refused(int err)
{
	return err == -EPERM || err == -EACCES;
}

/* --- user ------------------------------------------------------------------------------------- */

static void find_permission(struct findings *f)
{
	const uint64_t effective = f->facts->effective;
	const struct capability_need admin = { "CAP_SYS_ADMIN", 21, 21 };
	bool all = true;

	for (const struct capability_need *need = capability_needs; need->name; need++) {
		if (capability_has(effective, need))
			continue;
		all = false;
		missing(f, EXIT_NOT_PERMITTED, need->name, "run memtop as root: sudo memtop ...");
	}
	if (all)
		ok(f, "capabilities: all that measuring needs");
	if (all && !capability_has(effective, &admin))
		limited(f, "CAP_SYS_ADMIN",
			"some kernels attach probes only with it, and before Linux 6.7 zero pages "
			"are told apart only with it");
	if (f->facts->user_namespace)
		missing(f, EXIT_NOT_PERMITTED,
			"capabilities of the machine: this is a user namespace",
			"run memtop outside the container, as root of the machine");
	if (f->facts->pid_namespace)
		limited(f, "process numbers: this is a pid namespace",
			"in a container they differ from the machine's; run memtop outside");
}

static void find_lockdown(struct findings *f)
{
	switch (f->facts->lockdown) {
	case LOCKDOWN_UNKNOWN:
	case LOCKDOWN_NONE:
		ok(f, "kernel lock-down: none");
		break;
	case LOCKDOWN_INTEGRITY:
		ok(f, "kernel lock-down: integrity, which lets memtop work");
		break;
	case LOCKDOWN_CONFIDENTIALITY:
		missing(f, EXIT_NOT_PERMITTED, "kernel lock-down: confidentiality",
			"BPF programs may not read memory; boot with lockdown=integrity, or "
			"without "
			"secure boot");
		break;
	}
}

static void find_paranoia(struct findings *f)
{
	char text[80];

	if (f->facts->perf_paranoid == INT32_MIN)
		return;
	snprintf(text, sizeof(text),
		 "kernel.perf_event_paranoid: %d, which does not bind CAP_PERFMON",
		 f->facts->perf_paranoid);
	ok(f, text);
}

/* --- kernel ----------------------------------------------------------------------------------- */

static void find_kernel(struct findings *f)
{
	const struct capability_facts *facts = f->facts;
	char text[128];

	snprintf(text, sizeof(text), "kernel %s%s", facts->release,
		 facts->x86_64 ? " on x86-64" : "");
	if (!facts->x86_64)
		missing(f, EXIT_NOT_SUPPORTED, text, "memtop measures on x86-64 only");
	else if (facts->major < 6 || (facts->major == 6 && facts->minor < 1))
		limited(f, text, "memtop is made for Linux 6.1 and newer");
	else
		ok(f, text);
	if (facts->tried_btf)
		missing(f, EXIT_NOT_SUPPORTED, "kernel types (/sys/kernel/btf/vmlinux)",
			"use a kernel with CONFIG_DEBUG_INFO_BTF=y, as distributions build them");
	else
		ok(f, "kernel types (BTF)");
}

#define NOT_PERMITTED                                                                              \
	"needs the capabilities above; where they are there, a container's seccomp filter or the " \
	"lock-down forbids it"

static void find_bpf(struct findings *f)
{
	const struct capability_facts *facts = f->facts;

	if (refused(facts->tried_bpf))
		missing(f, EXIT_NOT_PERMITTED, "loading BPF programs", NOT_PERMITTED);
	else if (facts->tried_bpf)
		missing(f, EXIT_NOT_SUPPORTED, "loading BPF programs",
			"use a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_UPROBE_EVENTS=y");
	else
		ok(f, "loading BPF programs");
}

static void find_tracepoint(struct findings *f, int err, const char *what, const char *mend)
{
	if (refused(err))
		missing(f, EXIT_NOT_PERMITTED, what, NOT_PERMITTED);
	else if (err)
		missing(f, EXIT_NOT_SUPPORTED, what, mend);
	else
		ok(f, what);
}

static void find_probes(struct findings *f)
{
	const struct capability_facts *facts = f->facts;

	if (!facts->tried_uprobe_multi)
		ok(f, "probes on programs: uprobe_multi links");
	else if (refused(facts->tried_uprobe_multi))
		missing(f, EXIT_NOT_PERMITTED, "probes on programs (uprobes)", NOT_PERMITTED);
	else if (!facts->tried_uprobe_perf)
		limited(f, "probes on programs: perf events",
			"attached one by one, which takes longer; Linux 6.6 and newer do all at "
			"once");
	else
		missing(f, EXIT_NOT_SUPPORTED, "probes on programs (uprobes)",
			"use a kernel with CONFIG_UPROBE_EVENTS=y; memtop -m pages works without");
}

/* --- pages ------------------------------------------------------------------------------------ */

static void find_residency(struct findings *f)
{
	const struct capability_facts *facts = f->facts;

	if (!facts->tried_pagemap_scan)
		ok(f, "residency: PAGEMAP_SCAN");
	else if (facts->tried_pagemap)
		missing(f, EXIT_NOT_SUPPORTED, "residency: /proc/PID/pagemap",
			"use a kernel with CONFIG_PROC_PAGE_MONITOR=y");
	else if (!facts->page_frames)
		limited(f, "residency: pagemap without frame numbers",
			"pages of zeros count as resident; CAP_SYS_ADMIN or Linux 6.7 mends it");
	else
		limited(f, "residency: pagemap", "slower than PAGEMAP_SCAN of Linux 6.7");
}

static void find_swap(struct findings *f)
{
	char text[64], bytes[24];

	if (!f->facts->swap_bytes) {
		ok(f, "swap: none in use, so nothing can be swapped out");
		return;
	}
	snprintf(text, sizeof(text), "swap: %s",
		 units_bytes(bytes, sizeof(bytes), f->facts->swap_bytes));
	ok(f, text);
}

enum exit_status findings_print(FILE *out, const struct capability_facts *facts)
{
	struct findings f = { .out = out, .facts = facts };

	find_permission(&f);
	find_lockdown(&f);
	find_paranoia(&f);
	find_kernel(&f);
	find_bpf(&f);
	find_tracepoint(&f, facts->tried_syscalls, "system calls (raw_tp/sys_exit)",
			"use a kernel with CONFIG_FTRACE_SYSCALLS=y");
	find_tracepoint(&f, facts->tried_user_faults, "page faults (raw_tp/page_fault_user)",
			"use a kernel with CONFIG_TRACING=y");
	find_tracepoint(&f, facts->tried_kernel_faults,
			"page faults in the kernel (raw_tp/page_fault_kernel)",
			"use a kernel with CONFIG_TRACING=y");
	find_probes(&f);
	find_residency(&f);
	find_swap(&f);
	return f.status;
}
