/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf_space: where perf finds a frame: the address that stands for it, and what perf calls it.
 *
 * export/perf_data.c writes these addresses and export/perf_script.c what perf makes of them, so
 * the two agree.  It reads the program headers of modules, and their symbols only for who asks what
 * perf calls a place.
 *
 *	a frame of a file that is there		user	base of the module + offset in the file
 *	a Python frame, code without a file,
 *	a file that is not there any more	kernel	an address with a symbol of its own
 *	neither name nor file			user	the address as it was
 *
 * Modules get bases of their own making: a library is mapped at many addresses in many processes,
 * and at one address there may have been two, one after the other.  perf shows addresses in the
 * file, so nobody sees the bases.  Names that no file tells travel as PERF_RECORD_KSYMBOL, the one
 * record that carries a symbol; perf knows those for kernel addresses only.
 */
#ifndef MEMTOP_EXPORT_PERF_SPACE_H
#define MEMTOP_EXPORT_PERF_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/stack_table.h"

/* perf keeps 255 bytes of a symbol's name (KSYM_NAME_LEN in tools/perf of Linux 6.1). */
#define PERF_SYMBOL_MAX 255
/* Addresses that a module or a symbol takes. */
#define PERF_MODULE_SIZE 0x100000000ull
#define PERF_SYMBOL_SIZE 0x1000ull

struct perf_place {
	uint64_t ip;	    /* as perf.data has it */
	uint64_t shown;	    /* as perf script prints it */
	uint64_t offset;    /* from the symbol's start, as perf finds it */
	const char *symbol; /* travels with the file, ip is in the kernel; NULL: perf looks it up */
	const char *module; /* file that ip is in; NULL: none */
	uint32_t module_id; /* 0, 1, 2, ... in the order of appearance */
	uint32_t symbol_id;
	bool fresh; /* this symbol was not asked for before */
};

struct perf_space;

/* NULL when memory is out. */
struct perf_space *perf_space_new(void);
void perf_space_free(struct perf_space *space);

/* Finds the place of a frame; its texts live as long as space. 0 or -ENOMEM. */
int perf_space_find(struct perf_space *space, const struct frame *f, struct perf_place *place);

/*
 * The name that perf finds for a place in a module, and the place's distance from its beginning;
 * NULL when it finds none, or the module is no file.  The text lasts until the next call. 0 or
 * -ENOMEM.
 */
int perf_space_name(struct perf_space *space, const struct perf_place *place, const char **name,
		    uint64_t *distance);

/* The place of what is missing of a stack (label.h): a module of that name. 0 or -ENOMEM. */
int perf_space_missing(struct perf_space *space, const char *label, struct perf_place *place);

/* The first address of a module and of a symbol. */
uint64_t perf_space_base(uint32_t module_id);
uint64_t perf_space_symbol(uint32_t symbol_id);

#endif
