// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/plan.h"

#include <errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "probe_cookie.h"
#include "probe/allocator.h"
#include "probe/image.h"
#include "probe/prologue.h"
#include "probe/returns.h"

/* Functions are read no further; branches back to the entry from beyond are not looked for. */
#define MAX_CODE (64 * 1024)
/* Taken as the size of a function whose symbol has none (assembly). */
#define UNSIZED_CODE 4096
/* A file with more is no allocator but made up. */
#define MAX_CANDIDATES 4096

struct candidate {
	struct allocator_function what;
	uint64_t address, size;
	char name[PROBE_NAME_LEN];
	bool dynamic, global;
	bool eligible, rejected;
};

/* What a family has among the candidates that may count. */
struct family {
	bool allocates, frees;
};

struct planner {
	struct image *image;
	struct VEC_OF(struct candidate) found;
	uint8_t *code; /* MAX_CODE bytes */
};

static bool cookie_frees(uint64_t cookie)
{
	return (cookie & 0xff) == HEAP_FREE;
}

static bool cookie_allocates(uint64_t cookie)
{
	return allocator_wants_return(cookie);
}

static int collect(const struct image_symbol *symbol, void *ctx)
{
	struct planner *p = ctx;
	struct candidate c = {
		.address = symbol->address,
		.size = symbol->size,
		.dynamic = symbol->dynamic,
		.global = symbol->global,
	};
	size_t length = strcspn(symbol->name, "@");

	if (length >= sizeof(c.name) || (c.dynamic && !c.global))
		return 0;
	memcpy(c.name, symbol->name, length);
	if (!allocator_find(c.name, &c.what))
		return 0;
	if (p->found.n >= MAX_CANDIDATES)
		return error_set(-ENOEXEC, "an ELF file with too many allocator functions");
	return vec_push(&p->found, c) ? error_set(-ENOMEM, "out of memory") : 0;
}

static bool family_is_unmistakable(enum allocator_family family)
{
	return family >= ALLOCATOR_JE && family <= ALLOCATOR_MIMALLOC;
}

/* Local, while another function of that name is global: some other file's static function. */
static bool is_shadowed(const struct planner *p, const struct candidate *c)
{
	if (c->global)
		return false;
	vec_for_each (&p->found, other)
		if (other->global && !strcmp(other->name, c->name))
			return true;
	return false;
}

/* May this candidate count by itself, whatever else its family has? */
static bool candidate_is_eligible(const struct planner *p, const struct candidate *c)
{
	enum image_kind kind = image_kind(p->image);

	if (c->dynamic)
		return true;
	if (is_shadowed(p, c))
		return false;
	return family_is_unmistakable(c->what.family) || kind == IMAGE_STATIC_PROGRAM ||
	       (kind == IMAGE_PROGRAM && c->global);
}

static void look_at_families(const struct planner *p, bool dynamic_only,
			     struct family families[ALLOCATOR_FAMILIES])
{
	memset(families, 0, ALLOCATOR_FAMILIES * sizeof(*families));
	vec_for_each (&p->found, c) {
		struct family *f = &families[c->what.family];

		if (!c->eligible || (dynamic_only && !c->dynamic))
			continue;
		if (cookie_frees(c->what.cookie))
			f->frees = true;
		else if (cookie_allocates(c->what.cookie))
			f->allocates = true;
	}
}

static bool has_plain(const struct planner *p, const char *name)
{
	vec_for_each (&p->found, c)
		if (c->what.family == ALLOCATOR_PLAIN && c->eligible && !strcmp(c->name, name))
			return true;
	return false;
}

/* True when one of the families from `first` on (the C++ operators aside) allocates. */
static bool is_allocator(const struct family *families, enum allocator_family first)
{
	int i;

	for (i = first; i < ALLOCATOR_INTERNAL; i++)
		if (i != ALLOCATOR_CXX && families[i].allocates)
			return true;
	return false;
}

static void reject_what_does_not_count(struct planner *p)
{
	struct family all[ALLOCATOR_FAMILIES], dynamic[ALLOCATOR_FAMILIES];

	vec_for_each (&p->found, c)
		c->eligible = candidate_is_eligible(p, c);
	look_at_families(p, false, all);
	look_at_families(p, true, dynamic);
	vec_for_each (&p->found, c) {
		const struct family *f = &all[c->what.family];

		c->rejected = !c->eligible;
		if (c->what.family != ALLOCATOR_CATCH)
			c->rejected |= !c->dynamic && !(f->allocates && f->frees);
		/* private operators beside nothing but libc's malloc are libstdc++'s */
		if (c->what.family == ALLOCATOR_CXX)
			c->rejected |= !(c->dynamic ? is_allocator(dynamic, ALLOCATOR_PLAIN)
						    : is_allocator(all, ALLOCATOR_JEMALLOC));
		if (c->what.family == ALLOCATOR_INTERNAL)
			c->rejected |= has_plain(p, c->what.plain);
	}
}

static int by_address_then_fame(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->what.family != y->what.family)
		return x->what.family < y->what.family ? -1 : 1;
	if (strlen(x->name) != strlen(y->name))
		return strlen(x->name) < strlen(y->name) ? -1 : 1; /* free before cfree */
	return strcmp(y->name, x->name); /* _Znwm, operator new, before _Znam */
}

/* Leaves one candidate for each address, the best-known name, and of the rejected none. */
static void keep_one_per_address(struct planner *p)
{
	size_t i, n = 0;

	if (p->found.n)
		qsort(p->found.at, p->found.n, sizeof(*p->found.at), by_address_then_fame);
	for (i = 0; i < p->found.n; i++) {
		struct candidate *c = &p->found.at[i];

		if (!c->rejected && n && p->found.at[n - 1].address == c->address)
			p->found.at[n - 1].what.throws |= c->what.throws;
		if (!c->rejected && (!n || p->found.at[n - 1].address != c->address))
			p->found.at[n++] = *c;
	}
	p->found.n = n;
}

static const struct candidate *candidate_at(const struct planner *p, uint64_t address)
{
	vec_for_each (&p->found, c)
		if (c->address == address)
			return c;
	return NULL;
}

static bool does_the_same(const struct candidate *c, const struct allocator_function *other)
{
	return c->what.cookie == other->cookie;
}

/* Does the pointer at `slot` lead to a function that does what c does, here or in another file? */
static bool slot_does_the_same(const struct planner *p, const struct candidate *c, uint64_t slot)
{
	const char *name = image_slot_name(p->image, slot);
	struct allocator_function other;

	return name && strcmp(name, c->name) && allocator_find(name, &other) &&
	       does_the_same(c, &other);
}

/* True when the function only jumps to one that is probed anyway and does the same. */
static bool is_another_name(const struct planner *p, const struct candidate *c, const uint8_t *code,
			    size_t n)
{
	uint16_t machine = image_machine(p->image);
	const struct candidate *other;
	uint8_t stub[32];
	int64_t target;
	uint64_t address;

	switch (prologue_tail(machine, code, n, &target)) {
	case PROLOGUE_TAIL_NONE:
		return false;
	case PROLOGUE_TAIL_SLOT:
		return slot_does_the_same(p, c, c->address + target);
	case PROLOGUE_TAIL_CODE:
		break;
	}
	address = c->address + target;
	other = candidate_at(p, address);
	if (other)
		return other != c && does_the_same(c, &other->what);
	/* into the procedure linkage table, perhaps */
	n = image_code(p->image, address, stub, sizeof(stub));
	return prologue_tail(machine, stub, n, &target) == PROLOGUE_TAIL_SLOT &&
	       slot_does_the_same(p, c, address + target);
}

/* One site for each ret of the function in place of a return probe; `entry` is its first site. */
static int plan_exits(struct planner *p, const struct candidate *c, struct probe_site *entry,
		      struct probe_plan *out)
{
	struct returns returns;
	int err = returns_find(p->image, c->address, &returns);

	entry->wants_return = false;
	if (err == -ENOTSUP) {
		entry->unseen = true;
		err = 0;
		goto out;
	}
	for (size_t i = 0; !err && i < returns.n; i++) {
		struct probe_site site = {
			.cookie = HEAP_COOKIE(HEAP_EXIT, HEAP_ARG_NONE, HEAP_ARG_NONE,
					      HEAP_ARG_NONE, HEAP_ARG_NONE),
			.instruction = "ret",
			.is_exit = true,
		};

		memcpy(site.function, c->name, sizeof(site.function));
		if (image_offset(p->image, returns.at[i], &site.offset))
			entry->unseen = true;
		else
			err = vec_push(out, site);
	}
out:
	vec_free(&returns);
	return err ? error_set(-ENOMEM, "out of memory") : 0;
}

/*
 * mimalloc is C: what its operators new let through comes from a handler of C++'s, or from a throw
 * of its own where it is built as C++.  A file that knows of neither (CPython 3.13 has mimalloc
 * inside) has nothing that throws.
 */
static bool may_throw(const struct planner *p, const struct candidate *c)
{
	static const char *const of_cxx[] = { "_ZSt15get_new_handlerv", "_ZSt17__throw_bad_allocv",
					      "__cxa_throw", NULL };

	return c->what.throws &&
	       (c->what.family != ALLOCATOR_MIMALLOC || image_mentions(p->image, of_cxx));
}

static int plan_candidate(struct planner *p, const struct candidate *c, struct probe_plan *out)
{
	size_t want = c->size ? c->size : UNSIZED_CODE, n;
	struct prologue place;
	struct probe_site site;
	int err = 0;

	n = image_code(p->image, c->address, p->code, want < MAX_CODE ? want : MAX_CODE);
	if (!n || is_another_name(p, c, p->code, n))
		return 0;
	prologue_pick(image_machine(p->image), p->code, n, c->what.cookie, &place);
	site = (struct probe_site){
		.cookie = place.cookie,
		.skipped = place.skipped,
		.instruction = place.instruction,
		.cheap = place.cheap,
		.wants_return = allocator_wants_return(c->what.cookie),
	};
	memcpy(site.function, c->name, sizeof(site.function));
	if (image_offset(p->image, c->address + place.skipped, &site.offset))
		return 0;
	if (may_throw(p, c))
		err = plan_exits(p, c, &site, out);
	if (err)
		return err;
	return vec_push(out, site) ? error_set(-ENOMEM, "out of memory") : 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct probe_site *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Overlapping segments, or functions that begin within another's first bytes. */
void probe_plan_sort(struct probe_plan *plan)
{
	size_t i, n = 0;

	if (plan->n)
		qsort(plan->at, plan->n, sizeof(*plan->at), by_offset);
	for (i = 0; i < plan->n; i++)
		if (!n || plan->at[n - 1].offset != plan->at[i].offset)
			plan->at[n++] = plan->at[i];
	plan->n = n;
}

int probe_plan_image(struct image *image, struct probe_plan *out)
{
	struct planner p = { .image = image };
	int err;

	*out = (struct probe_plan){ 0 };
	err = image_each_symbol(image, collect, &p);
	if (err || !p.found.n)
		goto out;
	p.code = malloc(MAX_CODE);
	if (!p.code) {
		err = error_set(-ENOMEM, "out of memory");
		goto out;
	}
	reject_what_does_not_count(&p);
	keep_one_per_address(&p);
	vec_for_each (&p.found, c) {
		err = plan_candidate(&p, c, out);
		if (err)
			goto out;
	}
	probe_plan_sort(out);
out:
	if (err)
		probe_plan_free(out);
	free(p.code);
	vec_free(&p.found);
	return err;
}

void probe_plan_free(struct probe_plan *plan)
{
	vec_free(plan);
}
