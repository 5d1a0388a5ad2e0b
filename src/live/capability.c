// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/capability.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"

/* --- permission ------------------------------------------------------------------------------- */

/* bpf_capable() and perfmon_capable() of include/linux/capability.h take CAP_SYS_ADMIN as well. */
const struct capability_need capability_needs[] = {
	{ "CAP_BPF", CAP_BPF, CAP_SYS_ADMIN },
	{ "CAP_PERFMON", CAP_PERFMON, CAP_SYS_ADMIN },
	{ "CAP_SYS_PTRACE", CAP_SYS_PTRACE, CAP_SYS_PTRACE },
	{ "CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE },
	{ NULL, 0, 0 },
};

bool capability_has(uint64_t effective, const struct capability_need *need)
{
	return effective >> need->number & 1 || effective >> need->or_number & 1;
}

uint64_t capability_effective(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

/* The machine's first user namespace maps every user to itself: "0 0 4294967295". */
static bool in_user_namespace(void)
{
	unsigned long inside, outside, count;
	FILE *file = fopen("/proc/self/uid_map", "re");
	bool first;

	if (!file)
		return false;
	first = fscanf(file, "%lu %lu %lu", &inside, &outside, &count) == 3 && !inside &&
		!outside && count == UINT32_MAX;
	fclose(file);
	return !first;
}

int capability_permitted(void)
{
	uint64_t effective = capability_effective();
	char missing[128] = "";
	size_t n_missing = 0, n = 0;

	for (const struct capability_need *need = capability_needs; need->name; need++, n++) {
		if (capability_has(effective, need))
			continue;
		if (n_missing++)
			strcat(missing, ", ");
		strcat(missing, need->name);
	}
	if (n_missing && n_missing < n)
		return error_set(-EPERM, "measuring processes needs %s as well: try sudo memtop",
				 missing);
	if (n_missing)
		return error_set(
			-EPERM,
			"measuring processes needs root or the capabilities CAP_BPF, "
			"CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH: try sudo memtop");
	if (in_user_namespace())
		return error_set(-EPERM, "root of a user namespace may not measure processes: run "
					 "memtop as root of the machine");
	return 0;
}

/* --- BPF -------------------------------------------------------------------------------------- */

/* A program that does nothing; its file descriptor or -errno. */
static int load_nothing(enum bpf_prog_type type, unsigned attach_type)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach_type);

	return bpf_prog_load(type, NULL, "GPL", insns, sizeof(insns) / sizeof(insns[0]), &options);
}

static int try_bpf(void)
{
	int fd = load_nothing(BPF_PROG_TYPE_KPROBE, 0);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int try_raw_tracepoint(const char *name)
{
	int program = load_nothing(BPF_PROG_TYPE_RAW_TRACEPOINT, 0), link;

	if (program < 0)
		return program;
	link = bpf_raw_tracepoint_open(name, program);
	close(program);
	if (link < 0)
		return link;
	close(link);
	return 0;
}

/*
 * BPF_LINK_CREATE's attributes for BPF_TRACE_UPROBE_MULTI (48), as include/uapi/linux/bpf.h has
 * them from Linux 6.6 on; older headers lack them.  The kernel refuses "/", which is no regular
 * file, with EBADF only after it has accepted the attach type, so nothing gets attached.
 */
static int try_uprobe_multi(void)
{
	struct {
		uint32_t program, target, attach_type, flags;
		uint64_t path, offsets, ref_ctr_offsets, cookies;
		uint32_t count, multi_flags, pid, unused;
	} attr = { .attach_type = 48, .count = 1 };
	unsigned long offset = 0;
	int program = load_nothing(BPF_PROG_TYPE_KPROBE, attr.attach_type), link, err;

	if (program < 0)
		return program;
	attr.program = (uint32_t)program;
	attr.path = (uint64_t)(uintptr_t) "/";
	attr.offsets = (uint64_t)(uintptr_t)&offset;
	link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	err = link < 0 ? -errno : 0;
	close(program);
	if (link >= 0)
		close(link);
	return err == -EBADF ? 0 : err;
}

static int try_reading(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	char byte;

	if (fd < 0)
		return -errno;
	if (read(fd, &byte, 1) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* --- pages ------------------------------------------------------------------------------------ */

/* struct pm_scan_arg of include/uapi/linux/fs.h, Linux 6.7. */
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN_IOCTL	  _IOWR('f', 16, struct scan_arg)
#define SCAN_PAGE_PRESENT (1 << 3)
#define PAGE_FRAME_MASK	  ((1ull << 55) - 1)

static int try_scan(int pagemap, uint64_t start, uint64_t end)
{
	uint64_t regions[3 * 4];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uint64_t)(uintptr_t)regions,
		.vec_len = 4,
		.category_anyof_mask = SCAN_PAGE_PRESENT,
		.return_mask = SCAN_PAGE_PRESENT,
	};
	int n = ioctl(pagemap, SCAN_IOCTL, &arg);

	if (n < 0)
		return errno == ENOTTY ? -ENOTSUP : -errno;
	return n == 1 ? 0 : -EIO;
}

/* One written page of our own tells what pagemap shows of pages. */
static void probe_pagemap(struct capability_facts *facts)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;
	volatile char *page;

	if (fd < 0) {
		facts->tried_pagemap = facts->tried_pagemap_scan = -errno;
		return;
	}
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		facts->tried_pagemap = facts->tried_pagemap_scan = -errno;
		goto out;
	}
	*page = 1;
	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / size * sizeof(entry))) < 0)
		facts->tried_pagemap = -errno;
	facts->page_frames = entry & PAGE_FRAME_MASK;
	facts->tried_pagemap_scan = try_scan(fd, (uintptr_t)page, (uintptr_t)page + size);
	munmap((void *)page, size);
out:
	close(fd);
}

/* /proc/swaps: a heading, then per area "FILE TYPE SIZE-IN-KIB USED PRIORITY". */
static uint64_t swap_bytes(void)
{
	unsigned long long kib;
	uint64_t total = 0;
	char line[512];
	FILE *file = fopen("/proc/swaps", "re");

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %*s %llu", &kib) == 1)
			total += kib << 10;
	}
	fclose(file);
	return total;
}

/* --- the machine ------------------------------------------------------------------------------ */

/* PROC_PID_INIT_INO of include/linux/proc_ns.h: the first pid namespace has a fixed number. */
#define FIRST_PID_NAMESPACE 0xeffffffcu

static bool in_pid_namespace(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino != FIRST_PID_NAMESPACE;
}

/* The word in brackets of "none [integrity] confidentiality" is in force. */
static enum capability_lockdown lockdown_state(void)
{
	enum capability_lockdown state = LOCKDOWN_UNKNOWN;
	char line[128];
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");

	if (!file)
		return state;
	if (fgets(line, sizeof(line), file)) {
		if (strstr(line, "[none]"))
			state = LOCKDOWN_NONE;
		else if (strstr(line, "[integrity]"))
			state = LOCKDOWN_INTEGRITY;
		else if (strstr(line, "[confidentiality]"))
			state = LOCKDOWN_CONFIDENTIALITY;
	}
	fclose(file);
	return state;
}

static int perf_paranoid(void)
{
	int value = INT32_MIN;
	FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");

	if (!file)
		return value;
	if (fscanf(file, "%d", &value) != 1)
		value = INT32_MIN;
	fclose(file);
	return value;
}

static void probe_kernel(struct capability_facts *facts)
{
	struct utsname name;

	if (uname(&name))
		return;
	snprintf(facts->release, sizeof(facts->release), "%s", name.release);
	sscanf(name.release, "%u.%u", &facts->major, &facts->minor);
	facts->x86_64 = !strcmp(name.machine, "x86_64");
}

void capability_probe(struct capability_facts *facts)
{
	*facts = (struct capability_facts){
		.effective = capability_effective(),
		.user_namespace = in_user_namespace(),
		.pid_namespace = in_pid_namespace(),
		.lockdown = lockdown_state(),
		.perf_paranoid = perf_paranoid(),
		.tried_btf = try_reading("/sys/kernel/btf/vmlinux"),
		.tried_bpf = try_bpf(),
		.tried_syscalls = try_raw_tracepoint("sys_exit"),
		.tried_user_faults = try_raw_tracepoint("page_fault_user"),
		.tried_kernel_faults = try_raw_tracepoint("page_fault_kernel"),
		.tried_uprobe_multi = try_uprobe_multi(),
		.tried_uprobe_perf = try_reading("/sys/bus/event_source/devices/uprobe/type"),
		.swap_bytes = swap_bytes(),
	};
	probe_kernel(facts);
	probe_pagemap(facts);
}
