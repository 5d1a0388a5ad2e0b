// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/cfi.h"

#include <stdlib.h>

#include <dwarf.h>

#include "base/error.h"
#include "base/table.h"

/* A bound on memory: one per object file that was linked is the most that is seen. */
#define MAX_CIES	(1u << 20)

#define EXTENDED_LENGTH 0xffffffffu

/* One entry of a section: a CIE or an FDE. */
struct entry {
	struct reader body; /* what follows the CIE id or pointer */
	uint64_t cie;	    /* of an FDE: offset of its CIE in the section */
	bool is_cie;
	bool is_end; /* a terminator: length 0 */
};

/* The code of an FDE by file offset, and where its entry is. */
struct fde {
	uint32_t start, end;
	uint32_t at;
	uint32_t section;
};

struct fde_vec VEC_OF(struct fde);
struct cie_vec VEC_OF(struct cfi_cie);

/* A section while it is read; CIEs are found by their offset. */
struct source {
	const struct cfi_section *section;
	struct cie_vec cies;
	struct table cie_at;
	uint64_t last_offset; /* of the CIE asked for last: nearly always the one asked for next */
	const struct cfi_cie *last;
};

struct compiler {
	struct source *sources;
	size_t n_sources;
	const struct cfi_text *texts;
	size_t n_texts;
	struct fde_vec fdes;
};

static int malformed(const char *what)
{
	return error_set(-EINVAL, "malformed call frame information: %s", what);
}

/*
 * Reads the entry at r and moves r past it.  In .eh_frame the CIE pointer counts back from itself
 * and stays 4 bytes wide even after a 64-bit length (LSB, 10.6.1); in .debug_frame it is an offset.
 */
static int entry_read(const struct cfi_section *s, struct reader *r, struct entry *e)
{
	uint64_t length = reader_uint(r, 4), here, id;
	bool wide = length == EXTENDED_LENGTH;
	const uint8_t *body;

	if (wide)
		length = reader_uint(r, 8);
	*e = (struct entry){ .is_end = length == 0 };
	body = reader_bytes(r, length);
	if (!body)
		return malformed("an entry goes past the end");
	if (e->is_end)
		return 0;
	e->body = (struct reader){ r->start, body, r->at, r->vaddr, false };
	here = body - r->start;
	id = reader_uint(&e->body, wide && s->debug ? 8 : 4);
	if (e->body.bad)
		return malformed("an entry is too short");
	if (s->debug) {
		e->is_cie = id == (wide ? UINT64_MAX : UINT32_MAX);
		e->cie = id;
	} else {
		e->is_cie = id == 0;
		e->cie = here - id;
	}
	return 0;
}

/* The augmentation string's letters, each with its data in `data`; false for an unknown letter. */
static bool cie_augmentation(const char *letter, struct reader data, struct cfi_cie *cie)
{
	for (; *letter; letter++) {
		switch (*letter) {
		case 'R':
			cie->pointer_enc = reader_uint(&data, 1);
			break;
		case 'P': /* personality */
			reader_pointer_value(&data, reader_uint(&data, 1));
			break;
		case 'L': /* encoding of the pointers to language-specific data */
			reader_uint(&data, 1);
			break;
		case 'S':
			cie->signal = true;
			break;
		case 'B': /* arm64: signed return addresses */
			break;
		default:
			return false;
		}
	}
	return !data.bad;
}

/*
 * Everything of a CIE up to its instructions.  -EINVAL when malformed; a CIE of a version or an
 * augmentation that we do not know is not usable, which is no error.
 */
static int cie_header(const struct cfi_section *s, struct reader *r, struct cfi_cie *cie)
{
	unsigned int version = reader_uint(r, 1);
	const char *letters = (const char *)r->at;
	uint64_t ra, data_size;
	const uint8_t *data;

	if (!reader_bytes(r, strnlen(letters, reader_left(r)) + 1))
		return malformed("an augmentation has no end");
	cie->usable = version == 1 || version == 3 || (version == 4 && s->debug);
	if (version == 4) /* address size, segment selector size */
		cie->usable = reader_uint(r, 2) == 8 && cie->usable;
	cie->code_align = reader_uleb(r);
	cie->data_align = reader_sleb(r);
	ra = version == 1 ? reader_uint(r, 1) : reader_uleb(r);
	cie->usable = ra == DWARF_RA && cie->usable;
	cie->augmented = *letters == 'z';
	if (cie->augmented) {
		data_size = reader_uleb(r);
		data = r->at;
		if (reader_bytes(r, data_size) &&
		    !cie_augmentation(letters + 1,
				      (struct reader){ r->start, data, r->at, r->vaddr, false },
				      cie))
			cie->usable = false;
	} else if (*letters) {
		cie->usable = false;
	}
	return r->bad ? malformed("a CIE is too short") : 0;
}

static int add_cie(struct source *src, uint64_t offset, struct reader body)
{
	struct cfi_cie cie = { .datarel = src->section->datarel, .pointer_enc = DW_EH_PE_absptr };
	int err = cie_header(src->section, &body, &cie);

	if (err)
		return err;
	/* Rules that cannot be told leave the FDEs' code unsupported. */
	cfi_program_init(body, &cie);
	if (src->cies.n == MAX_CIES)
		return error_set(-EFBIG, "too much call frame information");
	if (table_put(&src->cie_at, offset, src->cies.n))
		return -ENOMEM;
	return vec_push(&src->cies, cie);
}

/*
 * Each CIE is read once, and only where an entry begins: FDEs cannot make us read one over again.
 */
static int read_cies(struct source *src)
{
	const struct cfi_section *s = src->section;
	struct reader r = reader_of(s->data, s->size, s->vaddr);
	struct entry e;
	int err = 0;

	while (!err && reader_left(&r) >= 4) {
		uint64_t offset = r.at - r.start;

		err = entry_read(s, &r, &e);
		if (!err && e.is_end && s->open_ended)
			break;
		if (!err && !e.is_end && e.is_cie)
			err = add_cie(src, offset, e.body);
	}
	return err;
}

static const struct cfi_cie *find_cie(struct source *src, uint64_t offset)
{
	uint64_t index;

	if (src->last && src->last_offset == offset)
		return src->last;
	if (!table_get(&src->cie_at, offset, &index))
		return NULL;
	src->last_offset = offset;
	src->last = &src->cies.at[index];
	return src->last;
}

/* The file offsets of code pc .. pc + size, cut to the text that holds pc; false when none does. */
static bool locate(const struct compiler *c, uint64_t pc, uint64_t size, struct fde *fde)
{
	for (size_t i = 0; i < c->n_texts; i++) {
		const struct cfi_text *t = &c->texts[i];
		uint64_t into = pc - t->vaddr, start = t->offset + into;

		if (pc < t->vaddr || into >= t->size)
			continue;
		if (size > t->size - into)
			size = t->size - into;
		/*
		 * Offset 0 has the ELF header and our sentinel; rows have 32 bits for the others.
		 */
		if (!size || !start || start + size > UINT32_MAX || start + size < start)
			return false;
		fde->start = start;
		fde->end = start + size;
		return true;
	}
	return false;
}

/* Reads an FDE's code range (pc, size), leaving r at its instructions. */
static int fde_header(struct reader *r, const struct cfi_cie *cie, uint64_t *pc, uint64_t *size)
{
	*pc = reader_pointer(r, cie->pointer_enc, cie->datarel);
	*size = reader_pointer_value(r, cie->pointer_enc);
	if (cie->augmented)
		reader_bytes(r, reader_uleb(r));
	return r->bad ? malformed("an FDE is too short") : 0;
}

static int add_fde(struct compiler *c, struct source *src, struct entry *e, size_t at)
{
	const struct cfi_cie *cie = find_cie(src, e->cie);
	struct fde fde = { .at = at, .section = src - c->sources };
	uint64_t pc, size;
	int err;

	if (!cie)
		return malformed("an FDE without a CIE");
	/* Where even the encoding of the range is unknown, the code counts as having no CFI. */
	if (!cie->usable)
		return 0;
	err = fde_header(&e->body, cie, &pc, &size);
	if (err || !locate(c, pc, size, &fde))
		return err;
	return vec_push(&c->fdes, fde);
}

static int read_fdes(struct compiler *c, struct source *src)
{
	const struct cfi_section *s = src->section;
	struct reader r = reader_of(s->data, s->size, s->vaddr);
	struct entry e;
	int err = 0;

	while (!err && reader_left(&r) >= 4) {
		size_t at = r.at - r.start;

		err = entry_read(s, &r, &e);
		if (!err && e.is_end && s->open_ended)
			break;
		if (!err && !e.is_end && !e.is_cie)
			err = add_fde(c, src, &e, at);
	}
	return err;
}

static int compare_fdes(const void *a, const void *b)
{
	const struct fde *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Linkers leave functions nearly in order; a pass to see it is cheaper than a sort. */
static void sort_fdes(struct fde_vec *fdes)
{
	for (size_t i = 1; i < fdes->n; i++) {
		if (compare_fdes(&fdes->at[i - 1], &fdes->at[i]) > 0) {
			qsort(fdes->at, fdes->n, sizeof(*fdes->at), compare_fdes);
			return;
		}
	}
}

/* Rows for the FDE's code up to file offset `end`. */
static int compile_fde(struct compiler *c, const struct fde *fde, uint32_t end,
		       struct unwind_row_vec *rows)
{
	struct source *src = &c->sources[fde->section];
	const struct cfi_section *s = src->section;
	struct reader r = reader_of(s->data, s->size, s->vaddr);
	const struct cfi_cie *cie;
	struct cfi_code code;
	struct entry e;
	uint64_t size;
	int err;

	reader_bytes(&r, fde->at);
	err = entry_read(s, &r, &e);
	if (err)
		return err;
	cie = find_cie(src, e.cie);
	err = fde_header(&e.body, cie, &code.pc, &size);
	if (err)
		return err;
	code.end = code.pc + (end - fde->start);
	code.pc_bias = fde->start - code.pc;
	return cfi_program_run(e.body, cie, &code, rows);
}

static int compile_fdes(struct compiler *c, struct unwind_row_vec *rows)
{
	const struct unwind_row none = { .kind = UNWIND_END };
	int err = unwind_row_push(rows, 0, none);
	uint32_t covered = 0;

	for (size_t i = 0; !err && i < c->fdes.n; i++) {
		const struct fde *fde = &c->fdes.at[i];
		uint32_t end = fde->end;

		if (i && fde->start == c->fdes.at[i - 1].start)
			continue;
		for (size_t j = i + 1; j < c->fdes.n && c->fdes.at[j].start < end; j++) {
			if (c->fdes.at[j].start > fde->start) {
				end = c->fdes.at[j].start;
				break;
			}
		}
		if (covered && fde->start - covered >= CFI_PADDING_BYTES)
			err = unwind_row_push(rows, covered, none);
		if (!err)
			err = compile_fde(c, fde, end, rows);
		if (!err && rows->n > CFI_MAX_ROWS)
			err = error_set(-EFBIG, "more than %u unwind rows", CFI_MAX_ROWS);
		covered = end;
	}
	if (!err && covered)
		err = unwind_row_push(rows, covered, none);
	return err;
}

int cfi_compile(const struct cfi_section *sections, size_t n_sections, const struct cfi_text *texts,
		size_t n_texts, struct unwind_row_vec *rows)
{
	struct source *sources = calloc(n_sections ? n_sections : 1, sizeof(*sources));
	struct compiler c = { .sources = sources, .texts = texts, .n_texts = n_texts };
	int err = sources ? 0 : -ENOMEM;

	for (; !err && c.n_sources < n_sections; c.n_sources++) {
		struct source *src = &sources[c.n_sources];

		src->section = &sections[c.n_sources];
		if (src->section->size > UINT32_MAX)
			err = error_set(-EFBIG, "too much call frame information");
		if (!err)
			err = read_cies(src);
		if (!err)
			err = read_fdes(&c, src);
	}
	if (!err) {
		sort_fdes(&c.fdes);
		err = compile_fdes(&c, rows);
	}
	for (size_t i = 0; i < n_sections && sources; i++) {
		vec_free(&sources[i].cies);
		table_free(&sources[i].cie_at);
	}
	free(sources);
	vec_free(&c.fdes);
	return err;
}
