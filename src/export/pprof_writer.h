/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pprof_writer: the tables of a pprof profile, each entry once, and the gzip stream it goes to.
 *
 * export/pprof.c asks for the id of what it needs; what is new is written at once, as a profile of
 * that one entry: profiles one after another are one profile (protobuf merges repeated fields), so
 * no profile is ever held in memory as a whole.  It knows frames, but no snapshot.
 */
#ifndef MEMTOP_EXPORT_PPROF_WRITER_H
#define MEMTOP_EXPORT_PPROF_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/stack_table.h"
#include "profile.pb-c.h"

struct pprof_writer;

/* Begins a profile on out, which stays the caller's; NULL when memory is out. */
struct pprof_writer *pprof_writer_new(FILE *out);

/* Ends the stream and frees w; 0, or -ENOMEM when something is missing of it. */
int pprof_writer_free(struct pprof_writer *w);

/* The index of text in the string table; bytes that are no UTF-8 become U+FFFD, NULL is "". */
int64_t pprof_string(struct pprof_writer *w, const char *text);

/* The id of the mapping of a file; readers take the first one for the program. NULL: 0. */
uint64_t pprof_mapping(struct pprof_writer *w, const char *module);

/*
 * The id of the location of n frames at one address: inlined calls, and last the function that they
 * are inlined into.
 */
uint64_t pprof_location(struct pprof_writer *w, const struct frame *frames, size_t n);

/* The id of a location without address, of one function called name. */
uint64_t pprof_location_named(struct pprof_writer *w, const char *name);

/* Adds p's fields to the profile. */
void pprof_put(struct pprof_writer *w, const Pprof__Profile *p);

#endif
