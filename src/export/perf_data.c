// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/perf_data.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "export/bytes.h"
#include "export/label.h"
#include "export/perf_header.h"
#include "export/perf_space.h"

/* Of PERF_RECORD_KSYMBOL (linux/perf_event.h): code that is no BPF program. */
#define KSYMBOL_CODE PERF_RECORD_KSYMBOL_TYPE_OOL

struct perf_data {
	const struct snapshot *s;
	struct perf_space *space;
	struct bytes data;
	struct bytes chain;
	struct table threads; /* pid << 32 | tid that have a COMM */
	struct table maps;    /* pid << 32 | module id that have a MMAP */
};

/* --- records ---------------------------------------------------------------------------------- */

/* Begins a record; its size is set by record_end(). */
static size_t record_begin(struct bytes *b, uint32_t type, uint16_t misc)
{
	struct perf_event_header h = { .type = type, .misc = misc };
	size_t at = b->n;

	bytes_add(b, &h, sizeof(h));
	return at;
}

static void record_end(struct bytes *b, size_t at)
{
	uint16_t size = (uint16_t)(b->n - at);

	if (!b->failed)
		memcpy(b->at + at + offsetof(struct perf_event_header, size), &size, sizeof(size));
}

/* The end of every record but samples, as sample_id_all wants it. Time 0: before all samples. */
static void sample_id_add(struct bytes *b, uint32_t pid, uint32_t tid)
{
	bytes_add_u32(b, pid);
	bytes_add_u32(b, tid);
	bytes_add_u64(b, 0); /* time */
	bytes_add_u64(b, 0); /* cpu, reserved */
	bytes_add_u64(b, PERF_HEADER_FIRST_ID);
}

static void comm_put(struct perf_data *d, uint32_t pid, uint32_t tid, const char *comm)
{
	size_t at = record_begin(&d->data, PERF_RECORD_COMM, 0);

	bytes_add_u32(&d->data, pid);
	bytes_add_u32(&d->data, tid);
	bytes_add_padded(&d->data, comm, 8);
	sample_id_add(&d->data, pid, tid);
	record_end(&d->data, at);
}

static void mmap_put(struct perf_data *d, uint32_t pid, const struct perf_place *place)
{
	size_t at = record_begin(&d->data, PERF_RECORD_MMAP, PERF_RECORD_MISC_USER);
	char path[4096];

	bytes_add_u32(&d->data, pid);
	bytes_add_u32(&d->data, pid);
	bytes_add_u64(&d->data, perf_space_base(place->module_id));
	bytes_add_u64(&d->data, PERF_MODULE_SIZE - 0x1000);
	bytes_add_u64(&d->data, 0); /* offset in the file */
	/* PATH_MAX is all that perf has room for */
	snprintf(path, sizeof(path), "%s", place->module);
	bytes_add_padded(&d->data, path, 8);
	sample_id_add(&d->data, pid, pid);
	record_end(&d->data, at);
}

static void ksymbol_put(struct perf_data *d, const struct perf_place *place)
{
	size_t at = record_begin(&d->data, PERF_RECORD_KSYMBOL, PERF_RECORD_MISC_KERNEL);

	bytes_add_u64(&d->data, perf_space_symbol(place->symbol_id));
	bytes_add_u32(&d->data, PERF_SYMBOL_SIZE);
	bytes_add_u32(&d->data, KSYMBOL_CODE); /* and no flags, in the upper half */
	bytes_add_padded(&d->data, place->symbol, 8);
	sample_id_add(&d->data, UINT32_MAX, 0);
	record_end(&d->data, at);
}

/* True the first time that a table is asked for this pair. */
static bool pair_new(struct perf_data *d, struct table *t, uint32_t a, uint32_t b)
{
	uint64_t key = (uint64_t)a << 32 | b;

	if (table_get(t, key, NULL))
		return false;
	if (table_put(t, key, 0))
		d->data.failed = true;
	return true;
}

/* --- samples ---------------------------------------------------------------------------------- */

/* Adds a frame to the chain, with the mark that tells kernel addresses from user ones. */
static void chain_add(struct perf_data *d, uint32_t pid, const struct perf_place *place,
		      uint64_t *context)
{
	uint64_t now = place->symbol ? (uint64_t)PERF_CONTEXT_KERNEL : (uint64_t)PERF_CONTEXT_USER;

	if (place->symbol && place->fresh)
		ksymbol_put(d, place);
	if (place->module && pair_new(d, &d->maps, pid, place->module_id))
		mmap_put(d, pid, place);
	if (now != *context)
		bytes_add_u64(&d->chain, now);
	*context = now;
	bytes_add_u64(&d->chain, place->ip);
}

/* Fills d->chain, innermost first. */
static int chain_of(struct perf_data *d, const struct snapshot_stack *stack, uint32_t pid)
{
	const char *missing = label_missing(d->s, stack);
	const struct frame *frames = NULL;
	struct perf_place place;
	uint64_t context = 0;
	size_t n = 0;
	int err;

	bytes_clear(&d->chain);
	if (stack->kind != STACK_BEFORE_ATTACH)
		frames = stack_table_frames(d->s->table, stack->stack, &n);
	for (size_t i = 0; i < n; i++) {
		err = perf_space_find(d->space, &frames[i], &place);
		if (err)
			return err;
		/* perf finds inlined calls by itself where it finds the function */
		if (!frames[i].inlined || place.symbol)
			chain_add(d, pid, &place, &context);
	}
	if (!missing)
		return 0;
	err = perf_space_missing(d->space, missing, &place);
	if (!err)
		chain_add(d, pid, &place, &context);
	return err;
}

static void sample_put(struct perf_data *d, uint32_t pid, uint32_t tid, int event, uint64_t bytes)
{
	uint64_t ip = 0;
	size_t at;

	if (!bytes)
		return;
	/* the first is a mark */
	if (d->chain.n > sizeof(ip))
		memcpy(&ip, d->chain.at + sizeof(ip), sizeof(ip));
	at = record_begin(&d->data, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
	bytes_add_u64(&d->data, PERF_HEADER_FIRST_ID + (uint64_t)event);
	bytes_add_u64(&d->data, ip);
	bytes_add_u32(&d->data, pid);
	bytes_add_u32(&d->data, tid);
	bytes_add_u64(&d->data, d->s->time_ns);
	bytes_add_u64(&d->data, 0); /* cpu, reserved */
	bytes_add_u64(&d->data, bytes);
	bytes_add_u64(&d->data, d->chain.n / sizeof(uint64_t));
	bytes_add(&d->data, d->chain.at, d->chain.n);
	record_end(&d->data, at);
}

static int stack_put(struct perf_data *d, const struct snapshot_stack *stack)
{
	const struct snapshot_process *p = &d->s->processes.at[stack->process];
	uint32_t tid = stack->thread ? stack->thread : p->pid;
	char comm[LABEL_COMM_SIZE];
	int err;

	if (!figures_allocated(&stack->now))
		return 0;
	label_comm(comm, p);
	/* the main thread's first: others are made from it when perf meets them */
	if (pair_new(d, &d->threads, p->pid, p->pid))
		comm_put(d, p->pid, p->pid, comm);
	if (pair_new(d, &d->threads, p->pid, tid))
		comm_put(d, p->pid, tid, comm);
	err = chain_of(d, stack, p->pid);
	if (err)
		return err;
	/* in the order of perf_header_events; which four these are, and why, is in perf_script.h */
	sample_put(d, p->pid, tid, 0, figures_allocated(&stack->now));
	if (!p->residency_known)
		return 0;
	sample_put(d, p->pid, tid, 1, stack->now.resident);
	sample_put(d, p->pid, tid, 2, figures_phantom(&stack->now));
	sample_put(d, p->pid, tid, 3, stack->now.swapped);
	return 0;
}

static int perf_data_write(FILE *out, const struct snapshot *s,
			   const struct export_options *options)
{
	struct perf_data d = { .s = s, .space = perf_space_new() };
	int err = d.space ? 0 : -ENOMEM;

	(void)options; /* the four figures are four events */
	vec_for_each (&s->stacks, stack) {
		if (err)
			break;
		err = stack_put(&d, stack);
	}
	if (!err && (d.data.failed || d.chain.failed))
		err = -ENOMEM;
	if (!err)
		err = perf_header_write(out, &d.data);
	bytes_free(&d.data);
	bytes_free(&d.chain);
	table_free(&d.threads);
	table_free(&d.maps);
	perf_space_free(d.space);
	return err;
}

const struct export_format export_perf_data = {
	.name = "perf-data",
	.description = "a perf.data file, for perf report, perf diff, perf script, hotspot",
	.binary = true,
	.seekable = true,
	.write = perf_data_write,
};
