// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/course.h"

#include <errno.h>
#include <stdlib.h>

struct course course_of(enum export_value value)
{
	return (struct course){ .value = value };
}

/* The peak may be the last one, too. */
static void last_free(struct course *c)
{
	if (c->last != c->peak)
		snapshot_free(c->last);
	c->last = NULL;
}

void course_free(struct course *c)
{
	last_free(c);
	snapshot_free(c->peak);
	vec_free(&c->points);
	*c = (struct course){ 0 };
}

uint64_t course_total(const struct snapshot *s, enum export_value value)
{
	uint64_t bytes = 0;

	vec_for_each (&s->stacks, stack)
		bytes += export_value_of(stack, value);
	return bytes;
}

int course_add(struct course *c, struct snapshot *s)
{
	struct course_point point = { s->elapsed_ns, course_total(s, c->value) };

	last_free(c);
	c->last = s;
	if (vec_push(&c->points, point))
		return -ENOMEM;
	if (c->peak && point.bytes <= c->points.at[c->peak_at].bytes)
		return 0;
	snapshot_free(c->peak);
	c->peak = s;
	c->peak_at = c->points.n - 1;
	return 0;
}
