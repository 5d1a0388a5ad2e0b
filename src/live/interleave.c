// SPDX-License-Identifier: GPL-2.0-or-later
#include "live/interleave.h"

struct progress {
	const struct interleave *in;
	struct interleave_item *out;
	size_t n;
	size_t python;	 /* frames that have been put, */
	uint32_t groups; /* and groups of them */
	bool anchored;	 /* native frames say which groups they run */
	bool cut;
};

static void item_put(struct progress *p, bool python, size_t index)
{
	p->out[p->n++] = (struct interleave_item){ python, (uint32_t)index };
}

static void group_put(struct progress *p)
{
	const struct interleave *in = p->in;
	bool ended = false;

	while (p->python < in->n_python && !ended) {
		ended = in->group_ends[p->python];
		item_put(p, true, p->python++);
	}
	p->groups++;
	p->cut = p->python == in->n_python && (in->python_cut || !ended);
}

/* True when the frames that are left are a group whose outermost frames could not be read. */
static bool is_cut_group(const struct progress *p)
{
	for (size_t i = p->python; i < p->in->n_python; i++) {
		if (p->in->group_ends[i])
			return false;
	}
	return true;
}

/* True while Python frames are due before (inside of) this native frame. */
static bool group_is_due(const struct progress *p, const struct interleave_native *native)
{
	if (p->cut || p->python == p->in->n_python)
		return false;
	if (native->group != INTERLEAVE_NO_GROUP)
		return p->groups <= native->group;
	/* a group that was cut has no number: the loop that comes next runs it */
	return native->is_loop && (!p->anchored || is_cut_group(p));
}

size_t interleave_order(const struct interleave *in, struct interleave_item *out, bool *cut)
{
	struct progress p = { .in = in, .out = out };

	for (size_t i = 0; i < in->n_native; i++)
		p.anchored |= in->native[i].group != INTERLEAVE_NO_GROUP;
	for (size_t i = 0; i < in->n_native && !p.cut; i++) {
		const struct interleave_native *native = &in->native[i];

		while (group_is_due(&p, native)) {
			group_put(&p);
			if (native->group == INTERLEAVE_NO_GROUP)
				break;
		}
		if (!p.cut)
			item_put(&p, false, i);
	}
	while (!p.cut && p.python < in->n_python)
		group_put(&p);
	*cut = p.cut;
	return p.n;
}
