/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel: the BPF side as the live producer sees it: programs loaded and attached, maps at hand.
 *
 * live.c opens one; the rest of src/live reads counts and writes unwind tables through it.  It
 * knows how maps are reached, never what their contents mean.
 */
#ifndef MEMTOP_LIVE_KERNEL_H
#define MEMTOP_LIVE_KERNEL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live/live.h"
#include "memtop.h"
#include "probe/attach.h"

struct bpf_program;
struct kernel;

/* How large the tables that grow with the targets have to be. */
struct kernel_sizes {
	uint32_t unwind_rows;
	uint32_t unwind_index;
};

/* Called for every event in order; a non-zero return stops the reading and is passed on. */
typedef int (*kernel_event_fn)(void *ctx, const struct event *event, size_t size);

/*
 * Loads the programs with the filters of options, the uprobe ones for the given way of attaching;
 * nothing is attached yet.  0, or -errno with error_text() set.
 */
int kernel_open(const struct live_options *options, const struct kernel_sizes *sizes,
		enum probe_method method, kernel_event_fn on_event, void *ctx,
		struct kernel **kernel);

/* Attaches life cycle, mapping and fault programs, in this order; 0 or -errno with error_text(). */
int kernel_attach(struct kernel *k);

/* Makes the kernel look at all processes there are: EVENT_SPACE for each that matches. */
int kernel_find_spaces(struct kernel *k);

/*
 * Takes in what the ring buffer holds; when that is nothing, waits at most timeout_ms for more, or
 * until the descriptor `also` (-1: none) can be read.  0, -EINTR, or the callback's.
 */
int kernel_poll(struct kernel *k, int timeout_ms, int also);

/* What goes to the sites of a plan; loaded. */
struct probe_programs kernel_probe_programs(const struct kernel *k);

/* Shared memory; NULL past the highest index in use. */
struct space *kernel_space(const struct kernel *k, uint32_t index);
enum space_state kernel_space_state(const struct kernel *k, uint32_t index);
uint32_t kernel_spaces_used(const struct kernel *k);
struct tally *kernel_tally(const struct kernel *k, uint32_t index);
uint32_t kernel_tallies_used(const struct kernel *k);

/* How the CPython of a space is laid out; written directly, .runtime last. */
struct python_layout *kernel_python(const struct kernel *k, uint32_t index);

/* The arrays that the unwinder reads; written directly. */
struct unwind_row *kernel_unwind_rows(const struct kernel *k, uint32_t *cap);
struct unwind_bucket *kernel_unwind_index(const struct kernel *k, uint32_t *cap);
struct exec_map *kernel_exec_maps(const struct kernel *k, uint32_t *cap);

/* Tells the unwinder of a file's rows; 0 or -errno. */
int kernel_set_file_rows(struct kernel *k, const struct file_key *file,
			 const struct file_rows *rows);

/* Tells the programs of a file's CPython, for processes that have yet to map it; 0 or -errno. */
int kernel_set_python_file(struct kernel *k, const struct file_key *file,
			   const struct python_file *python);

/* File descriptors of the maps that are read in batches. */
int kernel_blocks_fd(const struct kernel *k);
int kernel_touches_fd(const struct kernel *k);

/* Gives indices back to the programs; what they described must have been forgotten before. */
void kernel_release_space(struct kernel *k, uint32_t index);
void kernel_release_tally(struct kernel *k, uint32_t index);

/* Sum of a counter over all CPUs. */
uint64_t kernel_counter(const struct kernel *k, enum counter counter);

/* CLOCK_MONOTONIC in ns from which block times count. */
uint64_t kernel_start_ns(const struct kernel *k);

void kernel_close(struct kernel *k);

#endif
