/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot: what memtop knows at one moment, as plain data; the hinge of the house.
 *
 * Producers (src/live, src/record) make one; views, exports and servers take a const pointer and
 * never ask where it came from.  It knows no BPF, no screen, no file.
 *
 *	snapshot
 *	  processes[]  <----.
 *	  stacks[]  --------' .process     figures of one stack of one thread of one process
 *	     '--> .stack ----> stack_table (shared by all snapshots of a producer, not owned)
 *	  events[]
 *
 * All sizes are bytes, all times nanoseconds.  For every struct figures in it:
 * allocated = resident + swapped + phantom and phantom = untouched + zero, exactly; phantom is not
 * stored, so the identities cannot be broken by a missed update.
 */
#ifndef MEMTOP_MODEL_SNAPSHOT_H
#define MEMTOP_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

struct stack_table;

/* Where the bytes of live blocks or mappings are. */
struct figures {
	uint64_t resident;
	uint64_t swapped;
	uint64_t untouched; /* no page behind them */
	uint64_t zero;	    /* mapped to the shared zero page */
};

static inline uint64_t figures_phantom(const struct figures *f)
{
	return f->untouched + f->zero;
}

static inline uint64_t figures_allocated(const struct figures *f)
{
	return f->resident + f->swapped + f->untouched + f->zero;
}

/* Adds b to a. */
void figures_add(struct figures *a, const struct figures *b);

/* Every resident byte of a process under one name; the sum is the process's rss. */
struct rss_accounts {
	uint64_t blocks;	/* live heap blocks */
	uint64_t allocator;	/* kept by an allocator: freed, or its own bookkeeping */
	uint64_t mappings;	/* direct mappings */
	uint64_t stacks;	/* thread stacks */
	uint64_t files;		/* files mapped, with the private copies of their pages */
	uint64_t shared;	/* shared memory */
	uint64_t before_attach; /* private memory that was there when memtop came */
	uint64_t other;
};

uint64_t rss_accounts_total(const struct rss_accounts *a);

/* a += b, account by account. */
void rss_accounts_add(struct rss_accounts *a, const struct rss_accounts *b);

enum stack_kind {
	STACK_HEAP,	     /* blocks of an allocator */
	STACK_MAPPING,	     /* mmap, brk, … by the program itself */
	STACK_TOUCH,	     /* has only touched pages that others allocated */
	STACK_BEFORE_ATTACH, /* a process's memory from before memtop came; has no frames */
};

/* "heap", "mapping", "touch", "before_attach": as in JSON. */
const char *stack_kind_name(enum stack_kind kind);

/*
 * What of a process cannot be measured; bits of snapshot_process.warnings, as recordings keep them.
 * model/notes.h words them.
 */
enum snapshot_warning {
	WARNING_PYTHON_VERSION = 1,	 /* its CPython is not known */
	WARNING_PYTHON_THREADED = 2,	 /* its CPython has no global lock */
	WARNING_PYTHON_INTERPRETERS = 4, /* it has sub-interpreters */
	WARNING_PYTHON_OBJECTS = 8,	 /* with --pymalloc: not all places that count were found */
	WARNING_32BIT = 16,		 /* follows an ABI that memtop does not read */
	WARNING_UNPROBED = 32,		 /* functions of its allocators could not be probed */
	WARNING_CHANGED = 64,		 /* a file with its allocator was written to */
};

struct snapshot_process {
	uint32_t pid;
	uint32_t parent; /* 0: not known */
	char comm[16];
	const char *exe;      /* NULL: not known; the snapshot's or its table's, as is cmdline */
	const char *cmdline;  /* arguments joined by blanks; NULL: not known */
	uint64_t attached_ns; /* CLOCK_REALTIME when memtop came to know it */
	bool exited;	      /* figures are the last ones measured */
	bool residency_known; /* false: pages could not be read; figures are all `untouched` */
	uint64_t vsz, rss, swap, shared, peak_rss; /* as the kernel counts them */
	uint64_t minor_faults, major_faults; /* since it began; major: had to wait for a disk */
	uint64_t warnings;		     /* enum snapshot_warning, or'ed */
	struct figures now;		     /* sum over its stacks but before_attach */
	uint64_t peak_allocated;
	uint64_t before_attach_swapped;
	uint64_t unknown_frees; /* frees of blocks older than memtop */
	struct rss_accounts accounts;
	/*
	 * Page by page since the snapshot that a drop is to be told from (model/rss_event.h): bytes
	 * that have come to be in swap, and that were in RAM and are neither there nor in swap.
	 * Only a live producer knows.
	 */
	bool flow_known;
	uint64_t flow_swapped, flow_left;
};

/* Classes of block sizes: up to 16 B, 64 B, 256 B, … 4 GiB, and larger ones. */
#define SNAPSHOT_SIZES 16

/* The largest size in bytes of class i; of the last: UINT64_MAX. */
uint64_t snapshot_size_limit(size_t i);

/* The class that a size belongs to. */
size_t snapshot_size_class(uint64_t bytes);

/* Stacks that touched the memory of another first are told one by one up to so many. */
#define SNAPSHOT_TOUCHERS 3

struct snapshot_stack {
	uint32_t process; /* index into processes */
	uint32_t stack;	  /* id in the stack table */
	uint32_t thread;  /* tid; 0: not known, or one of very many */
	enum stack_kind kind;
	struct figures now;		       /* of its live blocks or mappings */
	uint64_t count;			       /* live blocks or mappings */
	uint64_t touched;		       /* bytes of pages that this stack touched first */
	uint64_t allocated_total, freed_total; /* bytes since attach */
	uint64_t allocations, frees;	       /* calls since attach */
	uint64_t failed;		       /* calls that returned no memory */
	uint64_t temporary;		/* blocks freed before the thread's next allocation */
	uint64_t at_peak;		/* bytes at the process's peak */
	uint64_t oldest_ns;		/* age of the oldest live block; 0: none */
	uint32_t sizes[SNAPSHOT_SIZES]; /* live blocks by size; zeros where not known */
	/*
	 * Who touched its memory first: stack ids, and bytes of the stretches of 2 MiB that lie
	 * wholly in one of its blocks or mappings; bytes 0: none.  Of smaller blocks it is not
	 * known.
	 */
	uint32_t touchers[SNAPSHOT_TOUCHERS];
	uint64_t toucher_bytes[SNAPSHOT_TOUCHERS];
	uint64_t toucher_others; /* bytes of further ones */
};

enum snapshot_event_kind {
	SNAPSHOT_RSS_DROP,
	SNAPSHOT_MARK,
	SNAPSHOT_PROCESS_START,
	SNAPSHOT_PROCESS_EXIT,
};

/* "rss_drop", "mark", "start", "exit". */
const char *snapshot_event_kind_name(enum snapshot_event_kind kind);

/* Why pages left the resident set. */
enum rss_cause {
	RSS_SWAPPED,  /* to swap */
	RSS_FREED,    /* the program gave up the memory they belonged to */
	RSS_RETURNED, /* given back, the memory stays: MADV_DONTNEED, MADV_FREE, malloc_trim() */
	RSS_FILES,    /* pages of files dropped: they can be read again */
};

/* "swapped", "freed", "returned", "files". */
const char *rss_cause_name(enum rss_cause cause);

/* One of the stacks whose memory a drop of RSS was. */
struct snapshot_event_stack {
	uint32_t stack; /* id in the stack table */
	enum stack_kind kind;
	enum rss_cause cause;
	uint64_t bytes;
};

#define SNAPSHOT_EVENT_STACKS 6

struct snapshot_event {
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint32_t pid;	  /* 0: the whole machine */
	enum snapshot_event_kind kind;
	char label[64]; /* of a mark */
	uint64_t bytes; /* of a drop; 0: as much has grown as left RAM */
	uint64_t swapped, freed, returned,
		files; /* all that left RAM; see snapshot_event_grown() */
	/* of a drop: the stacks that lost most, largest first; n_stacks of them */
	struct snapshot_event_stack stacks[SNAPSHOT_EVENT_STACKS];
	uint32_t n_stacks;
};

/*
 * What has come into RAM while a drop went on: bytes = swapped + freed + returned + files - grown.
 */
static inline uint64_t snapshot_event_grown(const struct snapshot_event *e)
{
	uint64_t left = e->swapped + e->freed + e->returned + e->files;

	return left > e->bytes ? left - e->bytes : 0;
}

/* What could not be kept; anything but zeros makes the figures lower bounds and exit status 6. */
struct snapshot_lost {
	uint64_t events; /* mapping and life-cycle events, allocator calls */
	uint64_t blocks; /* allocations not counted */
	uint64_t block_bytes;
	uint64_t stacks; /* stacks whose frames never came, or that no tally was left for */
	uint64_t truncated_stacks; /* stacks that did not reach their root: no loss of bytes */
};

/* True when something was lost that makes figures wrong; truncated stacks do not count. */
bool snapshot_lost_any(const struct snapshot_lost *lost);

/* Stacks walked, by how they ended; index: enum stack_stop less STACK_STOP_LOST. */
struct snapshot_stack_ends {
	uint64_t walked;
	uint64_t known; /* of these: the same as an earlier one, so that no frame was looked for */
	uint64_t late;	/* pieces of code met on a stack before /proc had told of them */
	uint64_t ended[5];
};

enum snapshot_mode { MODE_FULL, MODE_PAGES };

struct snapshot {
	uint64_t time_ns;      /* CLOCK_REALTIME */
	uint64_t elapsed_ns;   /* since measuring began */
	uint64_t residency_ns; /* how long the residency scan and join took */
	enum snapshot_mode mode;
	struct snapshot_lost lost;
	struct snapshot_stack_ends ends;
	struct VEC_OF(struct snapshot_process) processes;
	struct VEC_OF(struct snapshot_stack) stacks;
	struct VEC_OF(struct snapshot_event) events; /* since the previous snapshot */
	struct VEC_OF(char *) strings;		     /* what its processes' strings may be in */
	struct stack_table *table;		     /* not owned; outlives the snapshot */
	uint64_t hold;				     /* on the table's stacks */
	uint32_t shares;			     /* further owners: see snapshot_share() */
};

/* An empty snapshot that refers to table; NULL when memory is out. The caller frees it. */
struct snapshot *snapshot_new(struct stack_table *table);
void snapshot_free(struct snapshot *s);

/*
 * A copy of text that lives as long as s: for processes, of which there come more and more as time
 * goes by, where the table's strings stay.  NULL of NULL.  0 or -ENOMEM.
 */
int snapshot_string(struct snapshot *s, const char *text, const char **string);

/*
 * One more owner, who frees it as the others do: it goes with the last.  From any thread; from then
 * on none of them changes it.  Returns s.
 */
struct snapshot *snapshot_share(struct snapshot *s);

/* A snapshot with the same content, over the same table; NULL when memory is out. */
struct snapshot *snapshot_copy(const struct snapshot *s);

/* The sum of the figures of the processes that held theirs at one time: see model/at_once.h. */
struct figures snapshot_total(const struct snapshot *s);

#endif
