/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place: the file's name, taken for a new recording, and kept while it is written.
 *
 * The writer takes it before SQLite opens the file.  It overwrites nothing: an older recording is
 * moved aside, any other file is refused.
 */
#ifndef MEMTOP_RECORD_PLACE_H
#define MEMTOP_RECORD_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct place;

/*
 * Creates an empty file at path and locks it against other memtops; *place is the caller's, to be
 * freed after SQLite has closed the file.  0 or -errno with error_text(), as
 * recording_writer_open().
 */
int place_take(const char *path, uid_t owner, gid_t group, struct place **place);

/* Bytes of the file and its WAL. */
uint64_t place_size(const struct place *place);

/* The file is not wanted after all: removes it, and the older recording gets its name back. */
void place_discard(struct place *place);

/* Unlocks; place may be NULL. The file stays. */
void place_free(struct place *place);

/* True when the first bytes of a file are those of a recording, of any version. */
bool place_is_recording(const unsigned char header[100]);

#endif
