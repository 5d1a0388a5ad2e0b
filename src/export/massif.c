// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/massif.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "export/call_tree.h"
#include "export/course.h"
#include "export/label.h"

/* Nodes below this part of the whole are summed up. */
#define THRESHOLD 1000

/* Of a longer time so many snapshots are an even choice; massif itself keeps 100. */
#define SNAPSHOTS 97

struct massif {
	FILE *out;
	struct frame_set *frames;
	struct call_tree tree;
	uint64_t least; /* bytes that a node is written for */
};

struct child {
	uint32_t node;
	uint64_t total;
};

struct children VEC_OF(struct child);

static int tree_build(struct massif *m, const struct snapshot *s, enum export_value value)
{
	struct frame_path path = { 0 };
	uint32_t node;
	int err = 0;

	vec_for_each (&s->stacks, stack) {
		uint64_t bytes = export_value_of(stack, value);

		if (!bytes)
			continue;
		err = frame_set_path(m->frames, s, stack, s->processes.n > 1, &path);
		if (!err)
			err = call_tree_find(&m->tree, &path, true, &node);
		if (err)
			break;
		m->tree.nodes.at[node].self += bytes;
	}
	vec_free(&path);
	call_tree_sum(&m->tree);
	m->least = m->tree.nodes.at[0].total / THRESHOLD;
	return err;
}

static int by_total(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return x->node < y->node ? -1 : x->node > y->node;
}

/* The children worth a line, largest first; what the others hold, and how many they are. */
static int children_of(const struct massif *m, const struct call_node *node,
		       struct children *children, uint64_t *rest, uint32_t *places)
{
	/* a stack that ends here while others go on */
	*rest = node->first_child == CALL_NONE ? 0 : node->self;
	*places = *rest ? 1 : 0;
	for (uint32_t i = node->first_child; i != CALL_NONE; i = m->tree.nodes.at[i].next_sibling) {
		uint64_t total = m->tree.nodes.at[i].total;

		if (total < m->least) {
			*rest += total;
			(*places)++;
		} else if (vec_push(children, (struct child){ i, total })) {
			return -ENOMEM;
		}
	}
	if (children->n)
		qsort(children->at, children->n, sizeof(*children->at), by_total);
	return 0;
}

static void name_put(const struct massif *m, const struct call_node *node)
{
	const struct frame *f;

	if (node->frame == CALL_NONE) {
		fputs("(memory by stack) as memtop counts it", m->out);
		return;
	}
	f = frame_set_at(m->frames, node->frame);
	if (f->module || f->address)
		fprintf(m->out, "0x%" PRIX64 ": ", f->module ? f->offset : f->address);
	label_frame(m->out, f, "", 0);
	if (f->file) {
		fputs(" (", m->out);
		label_put(m->out, f->file, "", 0);
		fprintf(m->out, ":%u)", f->line);
	} else if (f->module) {
		fputs(" (in ", m->out);
		label_put(m->out, f->module, "", 0);
		putc(')', m->out);
	}
}

static int node_put(const struct massif *m, uint32_t index, int depth)
{
	const struct call_node *node = &m->tree.nodes.at[index];
	struct children children = { 0 };
	uint64_t rest;
	uint32_t places;
	int err = children_of(m, node, &children, &rest, &places);

	if (err)
		goto out;
	fprintf(m->out, "%*sn%zu: %" PRIu64 " ", depth, "", children.n + (places > 0), node->total);
	name_put(m, node);
	putc('\n', m->out);
	for (size_t i = 0; i < children.n && !err; i++)
		err = node_put(m, children.at[i].node, depth + 1);
	if (places)
		fprintf(m->out,
			"%*sn0: %" PRIu64 " in %u place%s, all below massif's threshold "
			"(%.2f%%)\n",
			depth + 1, "", rest, places, places == 1 ? "" : "s", 100.0 / THRESHOLD);
out:
	vec_free(&children);
	return err;
}

static void snapshot_head_put(FILE *out, int number, const struct course_point *point)
{
	fprintf(out,
		"#-----------\nsnapshot=%d\n#-----------\ntime=%" PRIu64 "\nmem_heap_B=%" PRIu64
		"\nmem_heap_extra_B=0\nmem_stacks_B=0\n",
		number, point->elapsed_ns / NS_PER_MS, point->bytes);
}

static void head_put(FILE *out, const struct snapshot *s, enum export_value value)
{
	fprintf(out, "desc: memtop " MEMTOP_VERSION ", bytes %s\ncmd: ", export_value_name(value));
	if (s->processes.n == 1 && s->processes.at[0].cmdline)
		label_put(out, s->processes.at[0].cmdline, "", 0);
	else
		fprintf(out, "%zu process%s", s->processes.n, s->processes.n == 1 ? "" : "es");
	fputs("\ntime_unit: ms\n", out);
}

static int tree_put(FILE *out, const struct snapshot *s, enum export_value value)
{
	struct massif m = { .out = out, .frames = frame_set_new(FRAME_LINE) };
	int err = m.frames ? call_tree_init(&m.tree) : -ENOMEM;

	if (!err)
		err = tree_build(&m, s, value);
	if (!err)
		err = node_put(&m, 0, 0);
	call_tree_free(&m.tree);
	frame_set_free(m.frames);
	return err;
}

static int massif_write_course(FILE *out, const struct course *c)
{
	static const struct course_point begin;
	size_t n = c->points.n, step = n / SNAPSHOTS + 1;
	int number = 0, err = 0;

	head_put(out, c->last, c->value);
	snapshot_head_put(out, number++, &begin);
	fputs("heap_tree=empty\n", out);
	for (size_t i = 0; i < n && !err; i++) {
		bool peak = i == c->peak_at, last = i == n - 1;

		if (i % step && !peak && !last)
			continue;
		snapshot_head_put(out, number++, &c->points.at[i]);
		fprintf(out, "heap_tree=%s\n", peak ? "peak" : last ? "detailed" : "empty");
		if (peak || last)
			err = tree_put(out, peak ? c->peak : c->last, c->value);
	}
	return err;
}

/* Of a single moment that is all there is: when measuring began, and now. */
static int massif_write(FILE *out, const struct snapshot *s, const struct export_options *options)
{
	static const struct course_point begin;
	const struct course_point now = { s->elapsed_ns, course_total(s, options->value) };

	head_put(out, s, options->value);
	snapshot_head_put(out, 0, &begin);
	fputs("heap_tree=empty\n", out);
	snapshot_head_put(out, 1, &now);
	fputs("heap_tree=detailed\n", out);
	return tree_put(out, s, options->value);
}

const struct export_format export_massif = {
	.name = "massif",
	.description = "valgrind's massif, for ms_print and massif-visualizer (see --value)",
	.write = massif_write,
	.write_course = massif_write_course,
};
