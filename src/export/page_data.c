// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/page_data.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "export/json_writer.h"
#include "export/page_prune.h"
#include "model/notes.h"

static void frames_put(struct json_writer *w, const struct frame_set *frames)
{
	json_array_open(w, "frames");
	for (uint32_t i = 0; i < frame_set_count(frames); i++) {
		const struct frame *f = frame_set_at(frames, i);

		json_text(w, NULL, f->function);
		json_text(w, NULL, f->module ? f->module : "");
	}
	json_array_close(w);
}

/* One member of all kept nodes; the script takes 4294967295 for none. */
static void column_put(struct json_writer *w, const char *key, const struct pruned *pruned,
		       size_t offset)
{
	json_array_open(w, key);
	vec_for_each (&pruned->kept, node)
		json_number(w, NULL, *(const uint32_t *)((const char *)node + offset));
	json_array_close(w);
}

static void nodes_put(struct json_writer *w, const struct pruned *pruned)
{
	json_object_open(w, "nodes");
	column_put(w, "parent", pruned, offsetof(struct kept_node, parent));
	column_put(w, "frame", pruned, offsetof(struct kept_node, frame));
	column_put(w, "blame", pruned, offsetof(struct kept_node, blame));
	json_object_close(w);
	json_object_open(w, "pruned");
	json_number(w, "below", pruned->below);
	json_number(w, "stacks", pruned->left_out);
	json_object_close(w);
}

/* --- timeline --------------------------------------------------------------------------------- */

static void points_put(struct json_writer *w, const struct page *page)
{
	json_object_open(w, "points");
	json_array_open(w, "time");
	vec_for_each (&page->points, p)
		json_seconds(w, NULL, p->time_ns);
	json_array_close(w);
	json_array_open(w, "allocated");
	vec_for_each (&page->points, p)
		json_number(w, NULL, figures_allocated(&p->now));
	json_array_close(w);
	json_array_open(w, "resident");
	vec_for_each (&page->points, p)
		json_number(w, NULL, p->now.resident);
	json_array_close(w);
	json_array_open(w, "phantom");
	vec_for_each (&page->points, p)
		json_number(w, NULL, figures_phantom(&p->now));
	json_array_close(w);
	json_array_open(w, "swapped");
	vec_for_each (&page->points, p)
		json_number(w, NULL, p->now.swapped);
	json_array_close(w);
	json_array_open(w, "rss");
	vec_for_each (&page->points, p)
		json_number(w, NULL, p->rss);
	json_array_close(w);
	json_object_close(w);
}

static const struct {
	const char *name;
	size_t offset;
} accounts[] = {
	{ "blocks", offsetof(struct rss_accounts, blocks) },
	{ "allocator", offsetof(struct rss_accounts, allocator) },
	{ "mappings", offsetof(struct rss_accounts, mappings) },
	{ "stacks", offsetof(struct rss_accounts, stacks) },
	{ "files", offsetof(struct rss_accounts, files) },
	{ "shared", offsetof(struct rss_accounts, shared) },
	{ "before_attach", offsetof(struct rss_accounts, before_attach) },
	{ "other", offsetof(struct rss_accounts, other) },
};

#define ACCOUNTS (sizeof(accounts) / sizeof(accounts[0]))

static uint64_t account_of(const struct rss_accounts *a, size_t i)
{
	return *(const uint64_t *)((const char *)a + accounts[i].offset);
}

static void accounts_put(struct json_writer *w, const struct page *page)
{
	json_object_open(w, "accounts");
	for (size_t i = 0; i < ACCOUNTS; i++) {
		json_array_open(w, accounts[i].name);
		vec_for_each (&page->points, p)
			json_number(w, NULL, account_of(&p->accounts, i));
		json_array_close(w);
	}
	json_object_close(w);
}

/* Whose memory a drop of RSS was; of a frame its number, 4294967295 where none is known. */
static void event_stacks_put(struct json_writer *w, const struct page_event *e)
{
	json_array_open(w, "stacks");
	for (uint32_t i = 0; i < e->is.n_stacks && i < SNAPSHOT_EVENT_STACKS; i++) {
		json_object_open(w, NULL);
		json_text(w, "cause", rss_cause_name(e->is.stacks[i].cause));
		json_text(w, "kind", stack_kind_name(e->is.stacks[i].kind));
		json_number(w, "bytes", e->is.stacks[i].bytes);
		json_number(w, "frame", e->frames[i]);
		json_object_close(w);
	}
	json_array_close(w);
}

/* Losses come first: figures are wrong for them. */
static void notes_put(struct json_writer *w, const struct page *page)
{
	struct note losses[NOTES_LOSSES];
	size_t n = notes_losses(&page->lost, page->walked, losses);

	json_array_open(w, "notes");
	for (size_t i = 0; i < n; i++)
		json_text(w, NULL, losses[i].text);
	vec_for_each (&page->notes, note)
		json_text(w, NULL, *note);
	json_array_close(w);
}

static void events_put(struct json_writer *w, const struct page *page)
{
	json_array_open(w, "events");
	vec_for_each (&page->events, event) {
		const struct snapshot_event *e = &event->is;
		char label[sizeof(e->label) + 1] = "";

		memcpy(label, e->label, sizeof(e->label));
		json_object_open(w, NULL);
		json_seconds(w, "time", e->time_ns);
		json_text(w, "kind", snapshot_event_kind_name(e->kind));
		json_number(w, "pid", e->pid);
		json_text(w, "label", label);
		json_number(w, "bytes", e->bytes);
		json_number(w, "swapped", e->swapped);
		json_number(w, "freed", e->freed);
		json_number(w, "returned", e->returned);
		json_number(w, "files", e->files);
		event_stacks_put(w, event);
		json_object_close(w);
	}
	json_array_close(w);
}

/* --- moments ---------------------------------------------------------------------------------- */

static bool cell_empty(const struct page_cell *cell)
{
	return !(cell->resident | cell->swapped | cell->phantom | cell->touched | cell->count);
}

static void shares_put(struct json_writer *w, const struct page_moment *m)
{
	json_array_open(w, "processes");
	vec_for_each (&m->shares, share) {
		json_number(w, NULL, share->frame);
		json_number(w, NULL, share->now.resident);
		json_number(w, NULL, share->now.swapped);
		json_number(w, NULL, figures_phantom(&share->now));
		json_number(w, NULL, share->rss);
		for (size_t i = 0; i < ACCOUNTS; i++)
			json_number(w, NULL, account_of(&share->accounts, i));
	}
	json_array_close(w);
}

/* The cells by kept node; sum is scratch space, all zeros before and after. */
static void moment_put(struct json_writer *w, const struct page_moment *m,
		       const struct pruned *pruned, struct page_cell *sum)
{
	vec_for_each (&m->cells, cell) {
		struct page_cell *to = &sum[pruned->place.at[cell->node]];

		to->resident += cell->resident;
		to->swapped += cell->swapped;
		to->phantom += cell->phantom;
		to->touched += cell->touched;
		to->count += cell->count;
	}
	json_object_open(w, NULL);
	json_seconds(w, "time", m->time_ns);
	json_array_open(w, "cells");
	for (size_t i = 0; i < pruned->kept.n; i++) {
		if (cell_empty(&sum[i]))
			continue;
		json_number(w, NULL, i);
		json_number(w, NULL, sum[i].resident);
		json_number(w, NULL, sum[i].swapped);
		json_number(w, NULL, sum[i].phantom);
		json_number(w, NULL, sum[i].touched);
		json_number(w, NULL, sum[i].count);
		sum[i] = (struct page_cell){ 0 };
	}
	json_array_close(w);
	shares_put(w, m);
	json_object_close(w);
}

static void moments_put(struct json_writer *w, const struct page *page, const struct pruned *pruned,
			struct page_cell *sum)
{
	json_array_open(w, "moments");
	vec_for_each (&page->moments, m)
		moment_put(w, m, pruned, sum);
	json_array_close(w);
}

int page_data_write(const struct page *page, FILE *out)
{
	struct json_writer *w = json_writer_new(out);
	struct page_cell *sum = NULL;
	struct pruned pruned;
	int err = page_prune(page, &pruned), end;

	if (!err)
		sum = calloc(pruned.kept.n, sizeof(*sum));
	if (!w || !sum) {
		err = -ENOMEM;
		goto out;
	}
	json_object_open(w, NULL);
	json_text(w, "title", text_string(&page->title));
	json_text(w, "version", MEMTOP_VERSION);
	notes_put(w, page);
	frames_put(w, page->frames);
	nodes_put(w, &pruned);
	points_put(w, page);
	accounts_put(w, page);
	events_put(w, page);
	moments_put(w, page, &pruned, sum);
	json_object_close(w);
out:
	end = json_writer_free(w);
	free(sum);
	pruned_free(&pruned);
	return err ? err : end;
}
