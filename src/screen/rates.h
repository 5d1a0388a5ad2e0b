/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rates: what happens a second, from two snapshots, and what memtop itself costs.
 *
 * screen.c asks once per snapshot, the header shows it.  It reads the two snapshots, and of
 * memtop's own process what the kernel tells any program of itself.
 */
#ifndef MEMTOP_SCREEN_RATES_H
#define MEMTOP_SCREEN_RATES_H

#include "model/snapshot.h"

/* Per second; of one process or of all. */
struct rates {
	double allocated, freed;   /* bytes */
	double allocations, frees; /* calls */
	double minor, major;	   /* page faults */
	double swapped_in;	   /* bytes that came back from swap */
};

#define RATES_ALL UINT32_MAX

/* Of the process of this index in now, or RATES_ALL; zeros when previous is NULL. 0, or -ENOMEM. */
int rates_find(struct rates *r, const struct snapshot *now, const struct snapshot *previous,
	       uint32_t process);

struct cost {
	double cpu;	 /* share of one CPU, 0.01 is 1 %, since the last call */
	uint64_t memory; /* resident bytes */
	uint64_t maps;	 /* bytes of the BPF maps that this process holds */
	/* how the last call left things */
	uint64_t cpu_ns, wall_ns;
};

/* Brings *c (zero-initialised) up to date. */
void cost_update(struct cost *c);

#endif
