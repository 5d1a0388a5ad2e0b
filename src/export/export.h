/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export: the formats that a snapshot can be written in, by name.
 *
 * `memtop export`, --json and the server look a format up here and write with it; each format is a
 * file of its own that defines one `struct export_format`.  Writing never changes the snapshot and
 * never closes the stream.
 */
#ifndef MEMTOP_EXPORT_EXPORT_H
#define MEMTOP_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/snapshot.h"

struct course;
struct page;

/* Which figure stands for a stack in formats that carry only one (--value). */
enum export_value {
	EXPORT_ALLOCATED,
	EXPORT_RESIDENT,
	EXPORT_PHANTOM,
	EXPORT_SWAPPED,
	EXPORT_TOUCHED,
};

struct export_options {
	enum export_value value;
};

struct export_format {
	const char *name;	 /* as -f takes it */
	const char *description; /* half a sentence for --help */
	bool binary;		 /* nothing for a terminal */
	bool seekable;		 /* who reads it wants a file, and no pipe */
	/*
	 * Writes s to out. 0, -ENOMEM, -EINVAL (cannot be written in this format, with
	 * error_text()); write errors are left in the stream for export_write() to find.
	 */
	int (*write)(FILE *out, const struct snapshot *s, const struct export_options *options);
	/*
	 * Set for formats that show a stretch of time: writes all of it, where write() has to make
	 * do with one moment.  Errors as there.
	 */
	int (*write_page)(const struct page *page, FILE *out);
	/* The same for formats that show how one figure went, and whose it was at two moments. */
	int (*write_course)(FILE *out, const struct course *course);
};

/* The format of that name; NULL with error_text() (of -EINVAL) listing the names when there is
 * none. */
const struct export_format *export_find(const char *name);

/* The formats one by one, in the order for --help; NULL past the last. */
const struct export_format *export_format_at(size_t i);

/*
 * Writes s to out in a format and flushes out; options may be NULL for the defaults. 0 or -errno
 * with error_text(): what the format's write() returns, or the stream's own (-ENOSPC, -EPIPE, ...).
 */
int export_write(const struct export_format *format, FILE *out, const struct snapshot *s,
		 const struct export_options *options);

/* Reads "allocated", "resident", "phantom", "swapped" or "touched"; 0, or -EINVAL with a text. */
int export_value_parse(const char *text, enum export_value *value);

/* The word for it, as --value takes it. */
const char *export_value_name(enum export_value value);

/* The bytes of a stack that stand for it. */
uint64_t export_value_of(const struct snapshot_stack *stack, enum export_value value);

#endif
