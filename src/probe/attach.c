// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

/* include/uapi/linux/bpf.h of 6.6; younger than the headers that memtop is to compile with. */
#define TRACE_UPROBE_MULTI  48 /* enum bpf_attach_type */
#define UPROBE_MULTI_RETURN 1  /* link_create.uprobe_multi.flags */

/*
 * union bpf_attr, link_create with uprobe_multi, of the same header; all of it, so that pad is 0.
 */
struct multi_attr {
	__u32 prog_fd;
	__u32 target_fd;
	__u32 attach_type;
	__u32 flags;
	__aligned_u64 path;
	__aligned_u64 offsets;
	__aligned_u64 ref_ctr_offsets;
	__aligned_u64 cookies;
	__u32 cnt;
	__u32 multi_flags;
	__u32 pid;
	__u32 pad;
};

/* Linux's own number for "not supported here" (include/linux/errno.h), which user space lacks. */
#define KERNEL_ENOTSUPP 524

struct probe_set {
	enum probe_method method;
	struct VEC_OF(int) multi;
	struct VEC_OF(struct bpf_link *) perf;
	size_t refused; /* sites */
};

/* What is attached in one go; in this order no entry is seen whose return is not. */
enum stage {
	STAGE_RETURNS, /* return probes of functions that want one */
	STAGE_EXITS,   /* rets of functions that throw */
	STAGE_COPIES,  /* branches before copies */
	STAGE_ENTRIES,
	STAGES,
};

/* What a call of probe_attach() is about. */
struct request {
	struct probe_set *set;
	const char *path;
	pid_t pid;
	const struct bpf_program *program;
	bool at_return;
};

/* The sites that a program goes to, in the form that the kernel takes. */
struct places {
	struct VEC_OF(__u64) offsets;
	struct VEC_OF(__u64) cookies;
	struct VEC_OF(const struct probe_site *) sites;
};

static int multi_create(int program, const char *path, pid_t pid, bool at_return,
			const __u64 *offsets, const __u64 *cookies, size_t n)
{
	struct multi_attr attr = {
		.prog_fd = program,
		.attach_type = TRACE_UPROBE_MULTI,
		.path = (unsigned long)path,
		.offsets = (unsigned long)offsets,
		.cookies = (unsigned long)cookies,
		.cnt = n,
		.multi_flags = at_return ? UPROBE_MULTI_RETURN : 0,
		.pid = pid,
	};
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : (int)fd;
}

/*
 * "/" is no regular file: where uprobe_multi is known that is -EBADF.  Kernels that filter by
 * thread instead of process look at the path before they look at the pid; mended ones (6.10) see
 * first that -1 is none.
 */
static bool multi_works(int program)
{
	__u64 offset = 0;
	int fd = multi_create(program, "/", 0, false, &offset, NULL, 1), fd_pid;

	if (fd >= 0)
		close(fd);
	if (fd != -EBADF)
		return false;
	fd_pid = multi_create(program, "/", -1, false, &offset, NULL, 1);
	if (fd_pid >= 0)
		close(fd_pid);
	return fd_pid == -EINVAL;
}

static int load_nothing(__u32 attach_type)
{
	/* r0 = 0; exit */
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type);

	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "memtop_detect", "GPL", code, 2, &opts);
}

int probe_method_detect(enum probe_method *method)
{
	int program = load_nothing(TRACE_UPROBE_MULTI);

	*method = PROBE_PERF;
	if (program >= 0) {
		if (multi_works(program))
			*method = PROBE_MULTI;
		close(program);
		return 0;
	}
	program = load_nothing(0);
	if (program == -EPERM || program == -EACCES)
		return error_set(-EPERM, "not permitted to load BPF programs: "
					 "CAP_BPF and CAP_PERFMON are needed (or CAP_SYS_ADMIN)");
	if (program < 0)
		return error_set(program, "cannot load BPF programs: %s", strerror(-program));
	close(program);
	return 0;
}

const char *probe_method_name(enum probe_method method)
{
	return method == PROBE_MULTI ? "uprobe_multi" : "perf";
}

void probe_method_prepare(enum probe_method method, struct bpf_program *program)
{
	if (method == PROBE_MULTI)
		bpf_program__set_expected_attach_type(program,
						      (enum bpf_attach_type)TRACE_UPROBE_MULTI);
}

struct probe_set *probe_set_new(enum probe_method method)
{
	struct probe_set *set = calloc(1, sizeof(*set));

	if (set)
		set->method = method;
	return set;
}

static bool site_is_of(const struct probe_site *s, enum stage stage)
{
	if (stage == STAGE_RETURNS)
		return s->wants_return;
	if (stage == STAGE_COPIES || s->is_copy)
		return s->is_copy && stage == STAGE_COPIES;
	return !s->unseen && s->is_exit == (stage == STAGE_EXITS);
}

static int places_collect(struct places *places, const struct probe_plan *plan, enum stage stage)
{
	vec_for_each (plan, s) {
		if (!site_is_of(s, stage))
			continue;
		if (vec_push(&places->offsets, s->offset) ||
		    vec_push(&places->cookies, s->cookie) || vec_push(&places->sites, s))
			return -ENOMEM;
	}
	return 0;
}

static void places_free(struct places *places)
{
	vec_free(&places->offsets);
	vec_free(&places->cookies);
	vec_free(&places->sites);
}

/* One link for n of the places, from the first-th on; n is 1 unless the method is multi. */
static int attach_some(const struct request *r, const struct places *places, size_t first, size_t n)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = r->at_return,
		    .bpf_cookie = places->cookies.at[first]);
	struct probe_set *set = r->set;
	struct bpf_link *link;
	int fd;

	if (vec_reserve(&set->multi, set->multi.n + 1) || vec_reserve(&set->perf, set->perf.n + 1))
		return -ENOMEM;
	if (set->method == PROBE_MULTI) {
		fd = multi_create(bpf_program__fd(r->program), r->path, r->pid, r->at_return,
				  &places->offsets.at[first], &places->cookies.at[first], n);
		if (fd < 0)
			return fd;
		set->multi.at[set->multi.n++] = fd;
		return 0;
	}
	/* for libbpf -1 is every process, and 0 this one */
	link = bpf_program__attach_uprobe_opts(r->program, r->pid ? r->pid : -1, r->path,
					       places->offsets.at[first], &opts);
	if (!link)
		return -errno;
	set->perf.at[set->perf.n++] = link;
	return 0;
}

/* Errors that say nothing about a single site, so that trying the others is of no use. */
static bool is_general(int err)
{
	return err == -EPERM || err == -EACCES || err == -ENOENT || err == -ESRCH ||
	       err == -ENOMEM || err == -EBADF || err == -EMFILE || err == -ENFILE ||
	       err == -ELOOP || err == -ENOTDIR;
}

static int attach_one_by_one(const struct request *r, const struct places *places)
{
	size_t i, attached = 0;
	int err, first_err = 0;

	for (i = 0; i < places->sites.n; i++) {
		const struct probe_site *site = places->sites.at[i];

		err = attach_some(r, places, i, 1);
		if (is_general(err))
			return err;
		if (!err) {
			attached++;
			continue;
		}
		first_err = first_err ? first_err : err;
		log_warn("%s: %s cannot be probed at its %s (+%u): %s", r->path, site->function,
			 site->instruction, site->skipped,
			 strerror(err == -KERNEL_ENOTSUPP ? ENOTSUP : -err));
	}
	if (!attached)
		return first_err;
	r->set->refused += places->sites.n - attached;
	return 0;
}

static int attach_places(const struct request *r, const struct places *places)
{
	int err;

	if (!places->sites.n)
		return 0;
	if (r->set->method == PROBE_PERF)
		return attach_one_by_one(r, places);
	err = attach_some(r, places, 0, places->sites.n);
	/* one bad site fails all of them: find out which */
	if (err && !is_general(err) && places->sites.n > 1)
		return attach_one_by_one(r, places);
	return err;
}

static int attach_error(int err, const struct request *r)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		return error_set(err, "not permitted to probe %s: %s", r->path,
				 r->set->method == PROBE_MULTI
					 ? "CAP_BPF and CAP_PERFMON are needed"
					 : "this kernel wants CAP_SYS_ADMIN for it "
					   "(or CAP_BPF and CAP_PERFMON)");
	case -ESRCH:
		return error_set(err, "no process %d to probe", r->pid);
	case -ENOENT:
		return error_set(err, "no file %s to probe", r->path);
	case -ENOMEM:
		return error_set(err, "out of memory");
	case -KERNEL_ENOTSUPP:
		err = -ENOTSUP;
	}
	return error_set(err, "cannot probe %s: %s", r->path, strerror(-err));
}

static void detach_from(struct probe_set *set, size_t multi, size_t perf)
{
	while (set->multi.n > multi)
		close(set->multi.at[--set->multi.n]);
	while (set->perf.n > perf)
		bpf_link__destroy(set->perf.at[--set->perf.n]);
}

int probe_attach(struct probe_set *set, const struct probe_plan *plan, const char *path, pid_t pid,
		 const struct probe_programs *programs)
{
	struct request r = { .set = set, .path = path, .pid = pid };
	size_t multi = set->multi.n, perf = set->perf.n;
	int stage, err = 0;

	for (stage = 0; stage < STAGES && !err; stage++) {
		struct places places = { 0 };

		r.at_return = stage == STAGE_RETURNS;
		r.program = stage == STAGE_COPIES    ? programs->copy
			    : stage == STAGE_ENTRIES ? programs->enter
						     : programs->leave;
		err = places_collect(&places, plan, stage);
		if (!err)
			err = attach_places(&r, &places);
		places_free(&places);
	}
	if (!err)
		return 0;
	detach_from(set, multi, perf);
	return attach_error(err, &r);
}

size_t probe_set_links(const struct probe_set *set)
{
	return set->multi.n + set->perf.n;
}

size_t probe_set_refused(const struct probe_set *set)
{
	return set->refused;
}

void probe_set_close(struct probe_set *set)
{
	if (!set)
		return;
	detach_from(set, 0, 0);
	vec_free(&set->multi);
	vec_free(&set->perf);
	free(set);
}
