// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/returns.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "probe/image.h"
#include "probe/x86.h"

/* Slow paths with everything inlined have some thousand instructions. */
#define MAX_INSTRUCTIONS 20000
#define MAX_RETURNS	 64
#define CHUNK		 4096

struct walk {
	struct image *image;
	struct table seen; /* address -> nothing */
	struct VEC_OF(uint64_t) todo;
	struct returns *out;
	uint64_t chunk_at;
	size_t chunk_n;
	uint8_t chunk[CHUNK];
};

/* The bytes at address, *n of them, from a copy of the code around it. */
static const uint8_t *walk_code(struct walk *w, uint64_t address, size_t *n)
{
	if (address < w->chunk_at || address + X86_MAX_LENGTH > w->chunk_at + w->chunk_n) {
		w->chunk_at = address;
		w->chunk_n = image_code(w->image, address, w->chunk, sizeof(w->chunk));
	}
	*n = w->chunk_n - (address - w->chunk_at);
	return w->chunk + (address - w->chunk_at);
}

static int walk_to(struct walk *w, uint64_t address)
{
	return vec_push(&w->todo, address) ? -ENOMEM : 0;
}

struct wanted {
	const char *name;
	size_t length;
	uint64_t address;
};

static int is_wanted(const struct image_symbol *symbol, void *ctx)
{
	struct wanted *want = ctx;

	if (!symbol->dynamic || strncmp(symbol->name, want->name, want->length) ||
	    (symbol->name[want->length] && symbol->name[want->length] != '@'))
		return 0;
	want->address = symbol->address;
	return 1;
}

/* A jump through a slot of this file goes to its own function of that name, unless interposed. */
static int walk_slot(struct walk *w, uint64_t slot)
{
	const char *name = image_slot_name(w->image, slot);
	struct wanted want = { .name = name };

	if (!name)
		return -ENOTSUP;
	want.length = strcspn(name, "@");
	if (!image_each_symbol(w->image, is_wanted, &want))
		return -ENOTSUP;
	return walk_to(w, want.address);
}

static int walk_return(struct walk *w, uint64_t address)
{
	if (w->out->n == MAX_RETURNS)
		return -ENOTSUP;
	return vec_push(w->out, address) ? -ENOMEM : 0;
}

/* One instruction: 1 when the next one follows, 0 when the path ends here, or -errno. */
static int walk_step(struct walk *w, uint64_t address, const struct x86_insn *insn)
{
	int err;

	switch (insn->kind) {
	case X86_RET:
		return walk_return(w, address);
	case X86_JMP:
		return walk_to(w, address + insn->target);
	case X86_JMP_SLOT:
		return walk_slot(w, address + insn->target);
	case X86_JCC:
	case X86_LOOP:
		err = walk_to(w, address + insn->target);
		return err ? err : 1;
	case X86_JMP_ELSEWHERE:
		return -ENOTSUP;
	case X86_TRAP:
		return 0;
	}
	return 1;
}

/* Follows the code at address until it branches away, returns, or was seen before. */
static int walk_path(struct walk *w, uint64_t address)
{
	struct x86_insn insn;
	const uint8_t *code;
	size_t n;
	int go = 0;

	do {
		if (table_get(&w->seen, address, NULL))
			return 0;
		/* compiled functions do not run into each other: a call before it never returns */
		if (go && image_starts_function(w->image, address))
			return 0;
		if (w->seen.n == MAX_INSTRUCTIONS)
			return -ENOTSUP;
		if (table_put(&w->seen, address, 0))
			return -ENOMEM;
		code = walk_code(w, address, &n);
		if (!x86_decode(code, n, &insn))
			return -ENOTSUP;
		go = walk_step(w, address, &insn);
		address += insn.length;
	} while (go > 0);
	return go;
}

int returns_find(struct image *image, uint64_t entry, struct returns *out)
{
	struct walk w = { .image = image, .out = out };
	int err;

	*out = (struct returns){ 0 };
	if (image_machine(image) != EM_X86_64)
		return -ENOTSUP;
	err = walk_to(&w, entry);
	while (!err && w.todo.n)
		err = walk_path(&w, w.todo.at[--w.todo.n]);
	if (!err && !out->n)
		err = -ENOTSUP;
	table_free(&w.seen);
	vec_free(&w.todo);
	return err;
}
