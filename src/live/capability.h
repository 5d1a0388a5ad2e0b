/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capability: what this machine, kernel and user allow, as facts that were tried out.
 *
 * `memtop check` words them, and every measuring verb asks for the permission before anything is
 * loaded.  It changes nothing: what it loads or attaches for a moment is gone on return.
 */
#ifndef MEMTOP_LIVE_CAPABILITY_H
#define MEMTOP_LIVE_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

enum capability_lockdown {
	LOCKDOWN_UNKNOWN, /* the kernel has no lock-down, or securityfs is not mounted */
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY, /* BPF programs may not read memory */
};

/* Members named tried_* are 0 or the -errno that trying it ended with. */
struct capability_facts {
	char release[65];      /* uname -r */
	unsigned major, minor; /* of it */
	bool x86_64;	       /* the machine, not this program */
	uint64_t effective;    /* capabilities as in CapEff of /proc/self/status; bit = number */
	bool user_namespace;   /* not in the machine's first one: they count for nothing outside */
	bool pid_namespace;    /* not in the machine's first one: process numbers differ */
	enum capability_lockdown lockdown;
	int perf_paranoid;	 /* kernel.perf_event_paranoid; INT32_MIN: not readable */
	int tried_btf;		 /* /sys/kernel/btf/vmlinux can be read */
	int tried_bpf;		 /* a program that does nothing loads */
	int tried_syscalls;	 /* it can be attached to raw_tp/sys_exit */
	int tried_user_faults;	 /* to raw_tp/page_fault_user */
	int tried_kernel_faults; /* to raw_tp/page_fault_kernel */
	int tried_uprobe_multi;	 /* many probes by one link: Linux 6.6 */
	int tried_uprobe_perf;	 /* the perf event source "uprobe" is there */
	int tried_pagemap;	 /* /proc/self/pagemap can be read */
	int tried_pagemap_scan;	 /* ioctl PAGEMAP_SCAN: Linux 6.7 */
	bool page_frames;	 /* pagemap shows frame numbers: needs CAP_SYS_ADMIN */
	uint64_t swap_bytes;	 /* size of all swap areas in use */
};

void capability_probe(struct capability_facts *facts);

/* One that measuring needs. */
struct capability_need {
	const char *name;   /* "CAP_BPF" */
	unsigned number;    /* include/uapi/linux/capability.h */
	unsigned or_number; /* a stronger one that the kernel takes in its place */
};

/* The capabilities that measuring needs; the array ends with a NULL name. */
extern const struct capability_need capability_needs[];

/* True when the set `effective` has what the need asks for. */
bool capability_has(uint64_t effective, const struct capability_need *need);

/* The calling thread's effective capabilities. */
uint64_t capability_effective(void);

/* 0 when processes may be measured, or -EPERM with error_text() saying what is missing. */
int capability_permitted(void);

#endif
