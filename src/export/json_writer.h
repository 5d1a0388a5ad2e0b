/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_writer: yajl's generator as the documents of this program need it.
 *
 * export/json.c, and whatever else writes JSON to a stream.  It writes strings of unknown encoding
 * as valid UTF-8 and 64-bit integers exactly; it never buffers a document.
 */
#ifndef MEMTOP_EXPORT_JSON_WRITER_H
#define MEMTOP_EXPORT_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_writer;

/* Begins a document on out, which stays the caller's; NULL when memory is out. */
struct json_writer *json_writer_new(FILE *out);

/*
 * Ends the writer (w may be NULL).  0, or -ENOMEM when a value could not be written for want of
 * memory.  Write errors stay in the stream.
 */
int json_writer_free(struct json_writer *w);

/*
 * Key and value in one step; a NULL key writes the bare value, as in arrays.  Bytes that are no
 * UTF-8 become U+FFFD; a NULL text writes nothing at all: what is not known is absent.
 */
void json_text(struct json_writer *w, const char *key, const char *text);
void json_number(struct json_writer *w, const char *key, uint64_t number);
void json_bool(struct json_writer *w, const char *key, bool value);

/* Nanoseconds as seconds with all nine decimals: exact, where a double would not be. */
void json_seconds(struct json_writer *w, const char *key, uint64_t ns);

/* The same for objects and arrays; each open is paired with its close. */
void json_object_open(struct json_writer *w, const char *key);
void json_object_close(struct json_writer *w);
void json_array_open(struct json_writer *w, const char *key);
void json_array_close(struct json_writer *w);

#endif
