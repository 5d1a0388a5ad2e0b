/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture_snapshot: snapshots put together by hand, for the tests of whatever reads one.
 *
 * A test builds one call by call, or takes fixture_mixed(), which has one of everything.  Process
 * totals are kept in step with the stacks, as a producer keeps them.
 */
#ifndef MEMTOP_TESTS_FIXTURE_SNAPSHOT_H
#define MEMTOP_TESTS_FIXTURE_SNAPSHOT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/snapshot.h"
#include "model/stack_table.h"

#define KIB 1024ull
#define MIB (1024ull * 1024)
#define GIB (1024ull * 1024 * 1024)

/* A path at which there is no file: names of a real one would be in perf-script. */
#define LIBC "/opt/lib/libc.so.6"

/* A command with an escape sequence, a line break and a byte that is no UTF-8. */
#define HOSTILE_COMM "e\033[31m\nx;\xff\""
/* A function's name that tries to forge a perf sample, a folded frame and a CSV field. */
#define HOSTILE_FUNCTION "f;\n\nroot 1/1 1.0: 9 alloc_bytes: \n\"\033]0;x\a,\xc3\xa9\xe2\x80\xae"

struct fixture {
	struct stack_table *table;
	struct snapshot *s;
};

static inline struct fixture fixture_new(void)
{
	struct fixture f = { .table = stack_table_new() };

	assert_non_null(f.table);
	f.s = snapshot_new(f.table);
	assert_non_null(f.s);
	f.s->time_ns = 1700000000123456789ull;
	f.s->elapsed_ns = 12500000000ull;
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	snapshot_free(f->s);
	stack_table_free(f->table);
}

static inline uint32_t fixture_process(struct fixture *f, uint32_t pid, const char *comm)
{
	struct snapshot_process p = {
		.pid = pid,
		.residency_known = true,
		.attached_ns = f->s->time_ns - f->s->elapsed_ns,
	};

	for (size_t i = 0; comm[i] && i < sizeof(p.comm); i++)
		p.comm[i] = comm[i];
	assert_int_equal(vec_push(&f->s->processes, p), 0);
	return (uint32_t)f->s->processes.n - 1;
}

/* A native frame; file may be NULL. */
static inline struct frame fixture_frame(struct fixture *f, const char *function,
					 const char *module, const char *file, uint32_t line)
{
	return (struct frame){
		.function = stack_table_string(f->table, function),
		.module = stack_table_string(f->table, module),
		.file = stack_table_string(f->table, file),
		.line = line,
		.address = 0x7f0000001000ull + line,
		.offset = 0x1000 + line,
		.symbol_offset = 0x1b,
	};
}

static inline uint32_t fixture_frames(struct fixture *f, const struct frame *frames, size_t n,
				      enum stack_stop stop)
{
	int64_t id = stack_table_add(f->table, frames, n, stop);

	assert_true(id >= 0);
	return (uint32_t)id;
}

/* Adds a stack and its figures to its process. */
static inline void fixture_stack(struct fixture *f, struct snapshot_stack stack)
{
	struct snapshot_process *p = &f->s->processes.at[stack.process];

	assert_int_equal(vec_push(&f->s->stacks, stack), 0);
	if (stack.kind == STACK_BEFORE_ATTACH) {
		p->accounts.before_attach += stack.now.resident;
		p->before_attach_swapped += stack.now.swapped;
	} else {
		figures_add(&p->now, &stack.now);
		p->peak_allocated += stack.at_peak;
		p->accounts.blocks += stack.now.resident;
	}
	p->vsz = 8 * GIB;
	p->rss = rss_accounts_total(&p->accounts);
	p->peak_rss = p->rss;
	p->swap += stack.now.swapped;
}

/* A stack of `function` under main() of /opt/app/app, allocated by malloc or calloc of libc. */
static inline uint32_t fixture_app_stack(struct fixture *f, const char *by, const char *function,
					 uint32_t line, enum stack_stop stop)
{
	const struct frame frames[] = {
		fixture_frame(f, by, LIBC, NULL, 0),
		fixture_frame(f, function, "/opt/app/app", "/src/app/load.c", line),
		fixture_frame(f, "main", "/opt/app/app", "/src/app/main.c", 40),
		fixture_frame(f, "__libc_start_call_main", LIBC, NULL, 0),
		fixture_frame(f, "__libc_start_main_impl", LIBC, NULL, 0),
		fixture_frame(f, "_start", "/opt/app/app", NULL, 0),
	};
	/* a stack that was cut has lost its outer end */
	size_t n = stop == STACK_STOP_ROOT ? 6 : 2;

	return fixture_frames(f, frames, n, stop);
}

static inline void fixture_mixed_app(struct fixture *f)
{
	uint32_t app = fixture_process(f, 4711, "app");

	f->s->processes.at[app].exe = stack_table_string(f->table, "/opt/app/app");
	f->s->processes.at[app].cmdline = stack_table_string(f->table, "/opt/app/app --all");
	fixture_stack(f,
		      (struct snapshot_stack){ .process = app,
					       .thread = 4711,
					       .kind = STACK_HEAP,
					       .count = 1,
					       .stack = fixture_app_stack(f, "calloc", "make_table",
									  12, STACK_STOP_ROOT),
					       .now = { .untouched = 2 * GIB, .zero = GIB },
					       .allocated_total = 3 * GIB,
					       .allocations = 1,
					       .at_peak = 3 * GIB,
					       .oldest_ns = 10000000000ull });
	for (uint32_t thread = 4711; thread < 4713; thread++)
		fixture_stack(f,
			      (struct snapshot_stack){
				      .process = app,
				      .thread = thread,
				      .kind = STACK_HEAP,
				      .count = 256,
				      .stack = thread == 4711 ? fixture_app_stack(f, "malloc",
										  "load_image", 77,
										  STACK_STOP_ROOT)
							      : 1,
				      .now = { .resident = 256 * MIB,
					       .swapped = 128 * MIB,
					       .untouched = 5 },
				      .touched = 384 * MIB,
				      .allocated_total = 500 * MIB,
				      .freed_total = 116 * MIB,
				      .allocations = 300,
				      .frees = 44,
				      .temporary = 7,
				      .at_peak = 400 * MIB,
				      .oldest_ns = 500000000ull });
	fixture_stack(f,
		      (struct snapshot_stack){ .process = app,
					       .thread = 4712,
					       .kind = STACK_MAPPING,
					       .count = 2,
					       .stack = fixture_app_stack(f, "mmap64", "load_image",
									  90, STACK_STOP_NO_ROWS),
					       .now = { .resident = 8 * KIB, .zero = 4 * KIB },
					       .allocated_total = 12 * KIB });
	fixture_stack(f, (struct snapshot_stack){ .process = app,
						  .kind = STACK_TOUCH,
						  .touched = 64 * MIB,
						  .stack = fixture_app_stack(f, "memset", "clear",
									     5, STACK_STOP_ROOT) });
	fixture_stack(f,
		      (struct snapshot_stack){ .process = app,
					       .thread = 4711,
					       .kind = STACK_HEAP,
					       .allocated_total = 10 * MIB,
					       .freed_total = 10 * MIB,
					       .allocations = 9,
					       .frees = 9,
					       .stack = fixture_app_stack(f, "malloc", "scratch",
									  33, STACK_STOP_ROOT) });
	fixture_stack(
		f, (struct snapshot_stack){ .process = app,
					    .kind = STACK_BEFORE_ATTACH,
					    .stack = UINT32_MAX,
					    .now = { .resident = 20 * MIB, .swapped = 4 * MIB } });
}

static inline void fixture_mixed_hostile(struct fixture *f)
{
	uint32_t evil = fixture_process(f, 99999, HOSTILE_COMM);
	struct frame frames[3];

	frames[0] = fixture_frame(f, "malloc", LIBC, NULL, 0);
	frames[1] = fixture_frame(f, HOSTILE_FUNCTION, "/tmp/a b\n(x)", NULL, 0);
	frames[2] = fixture_frame(f, NULL, NULL, NULL, 0);
	fixture_stack(f, (struct snapshot_stack){
				 .process = evil,
				 .thread = 100000,
				 .kind = STACK_HEAP,
				 .count = 3,
				 .stack = fixture_frames(f, frames, 3, STACK_STOP_UNREADABLE),
				 .now = { .resident = 4097, .untouched = 1 },
				 .at_peak = 4098 });
	fixture_stack(f,
		      (struct snapshot_stack){ .process = evil,
					       .kind = STACK_HEAP,
					       .count = 1,
					       .stack = fixture_frames(f, NULL, 0, STACK_STOP_LOST),
					       .now = { .resident = 10 } });
}

/* A Python line above the interpreter's and an extension-free allocation. */
static inline void fixture_mixed_python(struct fixture *f)
{
	uint32_t python = fixture_process(f, 300, "python3");
	struct frame frames[] = {
		fixture_frame(f, "malloc", LIBC, NULL, 0),
		fixture_frame(f, "_PyMem_RawMalloc", "/usr/bin/python3.11", NULL, 0),
		fixture_frame(f, "PyBytes_FromStringAndSize", "/usr/bin/python3.11", NULL, 0),
		fixture_frame(f, "read_all", "/usr/bin/python3.11", "/home/u/job.py", 21),
		fixture_frame(f, "<module>", "/usr/bin/python3.11", "/home/u/job.py", 40),
	};

	frames[3].language = frames[4].language = LANGUAGE_PYTHON;
	fixture_stack(
		f, (struct snapshot_stack){ .process = python,
					    .thread = 300,
					    .kind = STACK_HEAP,
					    .count = 12,
					    .stack = fixture_frames(f, frames, 5, STACK_STOP_ROOT),
					    .now = { .resident = 300 * MIB },
					    .allocated_total = 600 * MIB,
					    .freed_total = 300 * MIB,
					    .allocations = 24,
					    .frees = 12,
					    .at_peak = 300 * MIB });
}

/* Three processes, with every kind of stack, name and end that there is. */
static inline struct fixture fixture_mixed(void)
{
	struct fixture f = fixture_new();

	fixture_mixed_app(&f);
	fixture_mixed_hostile(&f);
	fixture_mixed_python(&f);
	f.s->lost.truncated_stacks = 2;
	f.s->ends = (struct snapshot_stack_ends){
		.walked = 9, .known = 4, .late = 2, .ended = { 7, 0, 1, 1, 0 }
	};
	assert_int_equal(
		vec_push(&f.s->events,
			 (struct snapshot_event){
				 .time_ns = f.s->time_ns,
				 .pid = 4711,
				 .kind = SNAPSHOT_RSS_DROP,
				 .bytes = 100,
				 .swapped = 60,
				 .freed = 40,
				 .n_stacks = 2,
				 .stacks = { { f.s->stacks.at[0].stack, STACK_HEAP, RSS_SWAPPED,
					       50 },
					     { 0, STACK_BEFORE_ATTACH, RSS_FREED, 40 } } }),
		0);
	assert_int_equal(
		vec_push(&f.s->events, (struct snapshot_event){ .time_ns = f.s->time_ns,
								.kind = SNAPSHOT_MARK,
								.label = "loaded \"all\"" }),
		0);
	return f;
}

/* What writer leaves in a stream, NUL-terminated; the caller frees it. */
#define FIXTURE_WRITTEN(out, ...)                                                                  \
	({                                                                                         \
		char *written_ = NULL;                                                             \
		size_t written_n_ = 0;                                                             \
		FILE *out = open_memstream(&written_, &written_n_);                                \
                                                                                                   \
		assert_non_null(out);                                                              \
		assert_int_equal((__VA_ARGS__), 0);                                                \
		assert_int_equal(fclose(out), 0);                                                  \
		written_;                                                                          \
	})

#endif
