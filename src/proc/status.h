/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * status: who a process is and how much memory the kernel says it has.
 *
 * The live side fills process headers with it, `memtop check` and target choice ask it what a pid
 * is.  It reads /proc only, and never waits for or signals a process.
 *
 * All functions return 0 (or what they say) or -errno: -ESRCH when the process is gone, -EACCES or
 * -EPERM when it may not be looked at.
 */
#ifndef MEMTOP_PROC_STATUS_H
#define MEMTOP_PROC_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"

struct process_status {
	pid_t pid, tgid, ppid;
	uid_t uid;     /* real */
	char comm[16]; /* raw: may hold any byte but NUL; longer names of kernel workers are cut */
	/*
	 * Bytes.  Up to Linux 6.11 rss, its parts and swap may be off by some pages for each CPU
	 * (counters kept per CPU); process_smaps_rollup() is exact.  All 0 for what has no memory.
	 */
	uint64_t vsz, rss, swap, peak_rss;
	uint64_t anon;			     /* of rss: RssAnon */
	uint64_t shared;		     /* of rss: RssFile + RssShmem */
	uint64_t minor_faults, major_faults; /* of all its threads since it began */
	uint32_t threads;
	uint64_t start_ticks; /* since boot, in 1/sysconf(_SC_CLK_TCK) s; with pid it names a
				 process */
	bool kernel_thread;
	bool zombie; /* ended, and not waited for yet */
};

/* Fills *status for pid (a thread's id gives that thread's tgid, comm and start). */
int process_status_read(pid_t pid, struct process_status *status);

/*
 * The parsers of /proc/PID/stat and /proc/PID/status, NUL-terminated; they fill different fields of
 * *status.  0, or -EINVAL for text that is not such a file.
 */
int process_parse_stat(const char *text, struct process_status *status);
int process_parse_status(const char *text, struct process_status *status);

/*
 * The path of the executable as the process sees it, without " (deleted)", into buf; -ENOENT for a
 * kernel thread, -ENAMETOOLONG when n is too small (PATH_MAX + 16 always fits).
 */
int process_exe(pid_t pid, char *buf, size_t n);

/*
 * The arguments joined by blanks into buf; control characters, and backslashes, are escaped as in C
 * (\n, \x1b, \\), so that it is one line and safe to print.  Cut at n - 1 bytes, never inside an
 * escape.  Empty for kernel threads and zombies.
 */
int process_cmdline(pid_t pid, char *buf, size_t n);

/* Sums over all mappings, in bytes and exact; of /proc/PID/smaps_rollup (Linux 4.14). */
struct process_rollup {
	uint64_t rss, pss, anonymous, lazy_free, swap, swap_pss;
};

/* Costs a walk of all page tables under the target's mmap_lock: 10 ms for each GiB in RAM. */
int process_smaps_rollup(pid_t pid, struct process_rollup *rollup);

/* 1 when the executable is a 32-bit ELF file, 0 when not. -ENOENT for a kernel thread. */
int process_is_32bit(pid_t pid);

struct pid_list VEC_OF(pid_t);

/* Appends the pids of all processes (no threads) to list, in ascending order. */
int process_list(struct pid_list *list);

#endif
