// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/state.h"

#include <stddef.h>

#include "base/clock.h"

#define WAVER_MS 50

/* Where each figure is in a snapshot's stack; those without an offset are made by hand. */
static const struct {
	const char *name;
	size_t offset;
} fields[STATE_SIZES] = {
	[STATE_RESIDENT] = { "resident", offsetof(struct snapshot_stack, now.resident) },
	[STATE_SWAPPED] = { "swapped", offsetof(struct snapshot_stack, now.swapped) },
	[STATE_UNTOUCHED] = { "untouched", offsetof(struct snapshot_stack, now.untouched) },
	[STATE_ZERO] = { "zero", offsetof(struct snapshot_stack, now.zero) },
	[STATE_COUNT] = { "count", offsetof(struct snapshot_stack, count) },
	[STATE_TOUCHED] = { "touched", offsetof(struct snapshot_stack, touched) },
	[STATE_ALLOCATED_TOTAL] = { "allocated_total",
				    offsetof(struct snapshot_stack, allocated_total) },
	[STATE_FREED_TOTAL] = { "freed_total", offsetof(struct snapshot_stack, freed_total) },
	[STATE_ALLOCATIONS] = { "allocations", offsetof(struct snapshot_stack, allocations) },
	[STATE_FREES] = { "frees", offsetof(struct snapshot_stack, frees) },
	[STATE_FAILED] = { "failed", offsetof(struct snapshot_stack, failed) },
	[STATE_TEMPORARY] = { "temporary", offsetof(struct snapshot_stack, temporary) },
	[STATE_AT_PEAK] = { "at_peak", offsetof(struct snapshot_stack, at_peak) },
};

const char *state_field_name(enum state_field field)
{
	return field < STATE_SIZES ? fields[field].name : NULL;
}

static uint64_t born_ms(uint64_t oldest_ns, uint64_t elapsed_ns, uint64_t before)
{
	uint64_t born;

	if (!oldest_ns)
		return 0;
	born = 1 + (elapsed_ns > oldest_ns ? (elapsed_ns - oldest_ns) / NS_PER_MS : 0);
	if (before && born + WAVER_MS > before && before + WAVER_MS > born)
		return before;
	return born;
}

struct state state_of(const struct snapshot_stack *stack, uint64_t elapsed_ns,
		      const struct state *before)
{
	struct state state = { .of[STATE_PRESENT] = 1 };

	for (int i = 0; i < STATE_SIZES; i++) {
		if (fields[i].name)
			state.of[i] = *(const uint64_t *)((const char *)stack + fields[i].offset);
	}
	for (int i = 0; i < SNAPSHOT_SIZES; i++)
		state.of[STATE_SIZES + i] = stack->sizes[i];
	state.of[STATE_BORN_MS] = born_ms(stack->oldest_ns, elapsed_ns, before->of[STATE_BORN_MS]);
	return state;
}

void state_to_stack(const struct state *state, uint64_t elapsed_ns, struct snapshot_stack *stack)
{
	uint64_t born_ns;

	for (int i = 0; i < STATE_SIZES; i++) {
		if (fields[i].name)
			*(uint64_t *)((char *)stack + fields[i].offset) = state->of[i];
	}
	for (int i = 0; i < SNAPSHOT_SIZES; i++)
		stack->sizes[i] = (uint32_t)state->of[STATE_SIZES + i];
	stack->oldest_ns = 0;
	if (!state->of[STATE_BORN_MS])
		return;
	/* a file may say anything here */
	born_ns = (state->of[STATE_BORN_MS] - 1) * NS_PER_MS;
	stack->oldest_ns = elapsed_ns > born_ns ? elapsed_ns - born_ns : 1;
}
