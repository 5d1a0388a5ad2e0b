// SPDX-License-Identifier: GPL-2.0-or-later
#include "reference.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAPS_MAX     (1 << 20)
#define STOP_WAIT_US 10000000

struct reference {
	pid_t pid, tid;
	Dwfl *dwfl;
	reference_original_fn original;
	void *ctx;
	char *maps; /* code in /proc/PID/maps, in two halves: as known to libdwfl, and as it is */
	uint64_t uprobes; /* where the page with the trampoline is, 0: nowhere */
	struct reference_stack *out;
};

/* --- what libdwfl asks for -------------------------------------------------------------------- */

static int find_no_debuginfo(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base,
			     const char *file, const char *link, GElf_Word crc, char **path)
{
	(void)module, (void)user, (void)name, (void)base, (void)file, (void)link, (void)crc;
	(void)path;
	return -1;
}

static const Dwfl_Callbacks dwfl_callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = find_no_debuginfo,
};

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	struct reference *r = arg;

	(void)dwfl;
	if (*thread_arg)
		return 0;
	*thread_arg = r;
	return r->tid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl, (void)tid;
	*thread_arg = arg;
	return true;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *word, void *arg)
{
	struct reference *r = arg;
	struct iovec to = { word, 8 }, from = { (void *)addr, 8 };

	(void)dwfl;
	if (process_vm_readv(r->pid, &to, 1, &from, 1, 0) != 8)
		return false;
	if (r->uprobes && *word - r->uprobes < 4096) {
		*word = r->original(r->ctx, addr);
		if (!*word)
			r->out->unknown_uretprobe = true;
	}
	return true;
}

/* DWARF's order of registers (System V ABI for x86-64, figure 3.36). */
static bool set_initial_registers(Dwfl_Thread *thread, void *arg)
{
	struct reference *r = arg;
	struct user_regs_struct u;
	Dwarf_Word regs[17];

	if (ptrace(PTRACE_GETREGS, r->tid, NULL, &u))
		return false;
	r->out->sp = u.rsp;
	memcpy(regs,
	       (Dwarf_Word[]){ u.rax, u.rdx, u.rcx, u.rbx, u.rsi, u.rdi, u.rbp, u.rsp, u.r8, u.r9,
			       u.r10, u.r11, u.r12, u.r13, u.r14, u.r15, u.rip },
	       sizeof(regs));
	return dwfl_thread_state_registers(thread, 0, 17, regs);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_initial_registers,
};

static int on_frame(Dwfl_Frame *frame, void *arg)
{
	struct reference_stack *out = ((struct reference *)arg)->out;
	Dwarf_Addr pc;
	bool interrupted;

	if (out->n == REFERENCE_MAX_FRAMES || !dwfl_frame_pc(frame, &pc, &interrupted))
		return DWARF_CB_ABORT;
	out->interrupted[out->n] = interrupted;
	out->pc[out->n++] = pc;
	return DWARF_CB_OK;
}

/* --- the process's code ----------------------------------------------------------------------- */

/* The lines of /proc/PID/maps that are code. */
static bool read_code_maps(const struct reference *r, char *text)
{
	char path[32], line[1024];
	size_t n = 0, length;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", r->pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		char *permissions = strchr(line, ' ');

		length = strlen(line);
		if (!permissions || permissions[3] != 'x' || n + length >= MAPS_MAX)
			continue;
		memcpy(text + n, line, length);
		n += length;
	}
	if (f)
		fclose(f);
	text[n] = '\0';
	return n > 0;
}

static uint64_t find_uprobes(const char *maps)
{
	const char *at = strstr(maps, "[uprobes]\n");

	while (at && at > maps && at[-1] != '\n')
		at--;
	return at ? strtoull(at, NULL, 16) : 0;
}

/* Has libdwfl know what code there is now. */
static bool modules_update(struct reference *r)
{
	char *old = r->maps, *now = r->maps + MAPS_MAX;

	if (!read_code_maps(r, now))
		return false;
	if (r->dwfl && !strcmp(old, now))
		return true;
	strcpy(old, now);
	r->uprobes = find_uprobes(now);
	dwfl_end(r->dwfl);
	r->dwfl = dwfl_begin(&dwfl_callbacks);
	return r->dwfl && dwfl_linux_proc_report(r->dwfl, r->pid) == 0 &&
	       !dwfl_report_end(r->dwfl, NULL, NULL) &&
	       dwfl_attach_state(r->dwfl, NULL, r->pid, &thread_callbacks, r);
}

struct reference *reference_open(pid_t pid, reference_original_fn original, void *ctx)
{
	struct reference *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->pid = pid;
	r->original = original;
	r->ctx = ctx;
	r->maps = calloc(2, MAPS_MAX);
	if (r->maps && modules_update(r))
		return r;
	fprintf(stderr, "process %d cannot be examined: %s\n", pid, dwfl_errmsg(-1));
	reference_close(r);
	return NULL;
}

/* --- the thread ------------------------------------------------------------------------------- */

/* Waits until all threads of the process, a child of ours, have stopped; not for ever. */
static bool wait_stopped(const struct reference *r)
{
	siginfo_t info = { 0 };

	for (int us = 0; us < STOP_WAIT_US; us += 200) {
		if (waitid(P_PID, r->pid, &info, WSTOPPED | WEXITED | WNOWAIT | WNOHANG))
			return false;
		if (info.si_pid)
			break;
		usleep(200);
	}
	if (info.si_code != CLD_STOPPED)
		return false;
	return !waitid(P_PID, r->pid, &info, WSTOPPED);
}

static void walk(struct reference *r)
{
	int status;

	if (ptrace(PTRACE_SEIZE, r->tid, NULL, NULL)) {
		r->out->error = "cannot be traced";
		return;
	}
	/* the group's stop becomes a trap of this thread */
	waitpid(r->tid, &status, __WALL);
	if (dwfl_getthread_frames(r->dwfl, r->tid, on_frame, r) != 0)
		r->out->error = dwfl_errmsg(-1);
	ptrace(PTRACE_DETACH, r->tid, NULL, NULL);
}

bool reference_walk(struct reference *r, pid_t tid, struct reference_stack *stack)
{
	r->tid = tid;
	r->out = stack;
	stack->n = 0;
	stack->error = NULL;
	stack->unknown_uretprobe = false;
	if (!wait_stopped(r) || !modules_update(r))
		return false;
	walk(r);
	return true;
}

const char *reference_module(struct reference *r, uint64_t pc)
{
	Dwfl_Module *module = dwfl_addrmodule(r->dwfl, pc);
	const char *name, *slash;

	if (!module)
		return "?";
	name = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	slash = strrchr(name, '/');
	if (!strncmp(name, "[vdso", 5))
		return "[vdso]";
	return slash ? slash + 1 : name;
}

const char *reference_symbol(struct reference *r, uint64_t pc)
{
	Dwfl_Module *module = dwfl_addrmodule(r->dwfl, pc);
	const char *name = module ? dwfl_module_addrname(module, pc) : NULL;

	return name ? name : "?";
}

int reference_cfa_register(struct reference *r, uint64_t pc)
{
	Dwfl_Module *module = dwfl_addrmodule(r->dwfl, pc);
	Dwarf_Addr bias;
	Dwarf_CFI *cfi = module ? dwfl_module_eh_cfi(module, &bias) : NULL;
	Dwarf_Frame *frame = NULL;
	Dwarf_Op *ops;
	size_t n;
	int number = -1;

	if (!cfi || dwarf_cfi_addrframe(cfi, pc - bias, &frame))
		return -1;
	if (!dwarf_frame_cfa(frame, &ops, &n) && n == 1) {
		if (ops[0].atom == DW_OP_bregx)
			number = ops[0].number;
		else if (ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31)
			number = ops[0].atom - DW_OP_breg0;
	}
	free(frame);
	return number;
}

void reference_close(struct reference *r)
{
	if (!r)
		return;
	dwfl_end(r->dwfl);
	free(r->maps);
	free(r);
}
