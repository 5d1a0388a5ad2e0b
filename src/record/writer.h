/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer: makes a recording: a file that snapshots are added to, one transaction each.
 *
 * `memtop record` opens one and adds what it measures.  Once a snapshot is added it stays readable,
 * whatever becomes of the writer (kill -9) or of the disk (full); it never stops a measurement for
 * the sake of the file's size.
 */
#ifndef MEMTOP_RECORD_WRITER_H
#define MEMTOP_RECORD_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/snapshot.h"

struct recording_writer;

struct recording_options {
	const char *path;
	uid_t owner; /* whom the file is to belong to; (uid_t)-1: as it comes */
	gid_t group;
	uint64_t delay_ns;   /* between two snapshots, as asked for */
	uint64_t max_size;   /* bytes that the file should stay below by thinning; 0: no limit */
	const char *command; /* what is recorded, for people; may be NULL */
};

/* The smallest max_size: below this nothing useful fits. */
#define RECORDING_MIN_SIZE (1024ull * 1024)

/*
 * Creates the file.  A recording that was there by this name is moved to PATH.old; anything else is
 * left alone.  *w is the caller's, to be ended by recording_writer_close().  0 or -errno with
 * error_text(): -EEXIST (what is there is no recording), -EBUSY (a memtop writes it now), -ENOSPC,
 * -EIO where permission is missing, ...
 */
int recording_writer_open(const struct recording_options *options, struct recording_writer **w);

/* Leaves out process pid where memtop came to know it before this time (CLOCK_REALTIME). */
void recording_writer_skip(struct recording_writer *w, uint32_t pid, uint64_t before_ns);

/*
 * Adds a snapshot, always of the same stack table, later than the one before.  0 or -errno with
 * error_text(); after a failure nothing can be added any more, and what was added before is there.
 */
int recording_writer_add(struct recording_writer *w, const struct snapshot *s);

/* Measurements that were merged into later ones so far, for the sake of max_size. */
uint64_t recording_writer_thinned(const struct recording_writer *w);

/* Bytes of the file and what belongs to it now. */
uint64_t recording_writer_size(const struct recording_writer *w);

/*
 * Completes the file, or says in it why it ends early when adding has failed, and frees w (may be
 * NULL).  Without a single snapshot the file goes again, and an older one gets its name back.  0 or
 * -errno with error_text() as above.
 */
int recording_writer_close(struct recording_writer *w);

#endif
