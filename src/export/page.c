// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export/label.h"
#include "model/at_once.h"
#include "model/blame.h"
#include "model/notes.h"

struct page *page_new(void)
{
	struct page *page = calloc(1, sizeof(*page));

	if (!page)
		return NULL;
	page->stride = 1;
	page->frames = frame_set_new(FRAME_FUNCTION);
	if (!page->frames || call_tree_init(&page->tree)) {
		page_free(page);
		return NULL;
	}
	return page;
}

static void moment_free(struct page_moment *m)
{
	vec_free(&m->cells);
	vec_free(&m->shares);
}

void page_free(struct page *page)
{
	if (!page)
		return;
	text_free(&page->title);
	vec_for_each (&page->notes, note)
		free(*note);
	vec_free(&page->notes);
	vec_for_each (&page->moments, m)
		moment_free(m);
	vec_free(&page->points);
	vec_free(&page->moments);
	vec_free(&page->events);
	vec_free(&page->blame);
	table_free(&page->nodes);
	call_tree_free(&page->tree);
	frame_set_free(page->frames);
	free(page);
}

/* --- timeline --------------------------------------------------------------------------------- */

int page_add_point(struct page *page, const struct page_point *point)
{
	return vec_push(&page->points, *point);
}

int page_add_totals(struct page *page, const struct snapshot *s)
{
	struct page_point point = { .time_ns = s->time_ns };
	struct at_once counted = at_once_of(s);

	vec_for_each (&s->processes, p) {
		if (!at_once_has(&counted, p))
			continue;
		figures_add(&point.now, &p->now);
		point.rss += p->rss;
		point.swap += p->swap;
		rss_accounts_add(&point.accounts, &p->accounts);
	}
	return page_add_point(page, &point);
}

int page_add_event(struct page *page, const struct stack_table *table,
		   const struct snapshot_event *event)
{
	struct page_event e = { .is = *event };
	int err = 0;

	for (uint32_t i = 0; i < SNAPSHOT_EVENT_STACKS && !err; i++) {
		const struct frame *frames = NULL;
		size_t n = 0;

		e.frames[i] = CALL_NONE;
		if (i < event->n_stacks && event->stacks[i].kind != STACK_BEFORE_ATTACH)
			frames = stack_table_frames(table, event->stacks[i].stack, &n);
		if (n)
			err = frame_set_add(page->frames,
					    &frames[blame_find(frames, n, false).inner],
					    &e.frames[i]);
	}
	return err ? err : vec_push(&page->events, e);
}

void page_name(struct page *page, const struct snapshot *s)
{
	const struct snapshot_process *p = s->processes.at;
	char comm[LABEL_COMM_SIZE];

	if (page->title.n || !s->processes.n)
		return;
	label_comm(comm, p);
	text_addf(&page->title, "%s %u", comm, p->pid);
	if (s->processes.n > 1)
		text_addf(&page->title, " and %zu other%s", s->processes.n - 1,
			  s->processes.n == 2 ? "" : "s");
}

/* --- moments ---------------------------------------------------------------------------------- */

static size_t cells_in_all(const struct page *page)
{
	size_t n = 0;

	vec_for_each (&page->moments, m)
		n += m->cells.n;
	return n;
}

/* Drops every second moment. */
static void page_thin(struct page *page)
{
	size_t kept = 0;

	for (size_t i = 0; i < page->moments.n; i++) {
		if (i % 2)
			moment_free(&page->moments.at[i]);
		else
			page->moments.at[kept++] = page->moments.at[i];
	}
	page->moments.n = kept;
	page->stride *= 2;
}

/* Room for one more moment: the newest goes if it was only kept for being the newest. */
static void make_room(struct page *page)
{
	uint64_t newest = page->given ? page->given - 1 : 0;

	if (page->moments.n && newest % page->stride) {
		page->moments.n--;
		moment_free(&page->moments.at[page->moments.n]);
	}
	while (page->moments.n > 2 &&
	       (page->moments.n >= PAGE_MOMENTS || cells_in_all(page) > PAGE_CELLS))
		page_thin(page);
}

static uint32_t blamed_of(const struct snapshot *s, const struct snapshot_stack *stack,
			  const struct frame_path *path)
{
	const struct frame *frames = NULL;
	size_t n = 0;

	if (stack->kind != STACK_BEFORE_ATTACH)
		frames = stack_table_frames(s->table, stack->stack, &n);
	/* past its frames a path has what is missing, and the process */
	return path->at[n ? blame_find(frames, n, false).inner : 0];
}

static int node_make(struct page *page, const struct snapshot *s,
		     const struct snapshot_stack *stack, struct frame_path *path, uint32_t *node)
{
	int err = frame_set_path(page->frames, s, stack, true, path);

	if (!err)
		err = call_tree_find(&page->tree, path, false, node);
	while (!err && page->blame.n < page->tree.nodes.n)
		err = vec_push(&page->blame, CALL_NONE);
	if (!err)
		page->blame.at[*node] = blamed_of(s, stack, path);
	return err;
}

/* Names are looked at once for each stack, and not again at every moment. */
static int node_of(struct page *page, const struct snapshot *s, const struct snapshot_stack *stack,
		   struct frame_path *path, uint32_t *node)
{
	uint64_t key = (uint64_t)s->processes.at[stack->process].pid << 32 | stack->stack, found;
	int err;

	if (stack->kind == STACK_BEFORE_ATTACH)
		return node_make(page, s, stack, path, node);
	if (table_get(&page->nodes, key, &found)) {
		*node = (uint32_t)found;
		return 0;
	}
	err = node_make(page, s, stack, path, node);
	return err ? err : table_put(&page->nodes, key, *node);
}

static void cell_add(struct page_cell *cell, const struct snapshot_stack *stack)
{
	cell->resident += stack->now.resident;
	cell->swapped += stack->now.swapped;
	cell->phantom += figures_phantom(&stack->now);
	cell->touched += stack->touched;
	cell->count += stack->count;
}

static int moment_fill(struct page *page, const struct snapshot *s, const struct at_once *counted,
		       struct page_moment *m)
{
	struct frame_path path = { 0 };
	struct table by_node = { 0 };
	uint64_t at;
	uint32_t node;
	int err = 0;

	vec_for_each (&s->stacks, stack) {
		if (!at_once_has(counted, &s->processes.at[stack->process]) ||
		    (!figures_allocated(&stack->now) && !stack->touched))
			continue;
		err = node_of(page, s, stack, &path, &node);
		if (err)
			break;
		if (!table_get(&by_node, node, &at)) {
			at = m->cells.n;
			err = table_put(&by_node, node, at);
			if (!err)
				err = vec_push(&m->cells, (struct page_cell){ .node = node });
			if (err)
				break;
		}
		if (m->cells.at)
			cell_add(&m->cells.at[at], stack);
	}
	table_free(&by_node);
	vec_free(&path);
	return err;
}

static int shares_fill(struct page *page, const struct snapshot *s, const struct at_once *counted,
		       struct page_moment *m)
{
	int err = 0;

	vec_for_each (&s->processes, p) {
		struct page_share share = { .now = p->now, .rss = p->rss, .accounts = p->accounts };

		if (!at_once_has(counted, p))
			continue;
		err = frame_set_process(page->frames, p, &share.frame);
		if (!err)
			err = vec_push(&m->shares, share);
		if (err)
			break;
	}
	return err;
}

int page_add_note(struct page *page, const char *note)
{
	char *copy;

	vec_for_each (&page->notes, known) {
		if (!strcmp(*known, note))
			return 0;
	}
	copy = strdup(note);
	if (!copy || vec_push(&page->notes, copy)) {
		free(copy);
		return -ENOMEM;
	}
	return 0;
}

/* What of the processes is not measured. */
static int notes_fill(struct page *page, const struct snapshot *s)
{
	int err = 0;

	vec_for_each (&s->processes, p) {
		uint64_t warnings = p->warnings;
		const char *warning = notes_next_warning(&warnings);

		for (; warning && !err; warning = notes_next_warning(&warnings)) {
			struct text note = { 0 };

			text_addf(&note, "%.*s (process %u): %s", (int)sizeof(p->comm), p->comm,
				  p->pid, warning);
			err = note.failed ? -ENOMEM : page_add_note(page, text_string(&note));
			text_free(&note);
		}
	}
	return err;
}

int page_add_moment(struct page *page, const struct snapshot *s)
{
	struct page_moment m = { .time_ns = s->time_ns };
	struct at_once counted = at_once_of(s);
	int err;

	make_room(page);
	err = moment_fill(page, s, &counted, &m);
	if (!err)
		err = shares_fill(page, s, &counted, &m);
	if (!err)
		err = notes_fill(page, s);
	if (!err)
		err = vec_push(&page->moments, m);
	page->lost = s->lost;
	page->walked = s->ends.walked;
	if (err)
		moment_free(&m);
	else
		page->given++;
	return err;
}
