/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind.c: `unwind MEMTOP TARGET...`: what a walk of the stack costs, by memtop's unwinder and by
 * bpf_get_stackid(), at several depths, as a table.
 *
 * TARGET is tools/bench/stacks.c, built as distributions build and built with frame pointers: the
 * kernel's walk finds the stack of the second one only.  All are at work all the time, so that what
 * slows the machine down slows all of them.  They are started anew for each turn: where a stack
 * lies (page boundaries within it) is chosen then, and a shared machine is faster in one turn than
 * in another.
 */
#include <linux/types.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measuring.h"
#include "memtop.h"
#include "unwind.h"
#include "unwind.skel.h"

#define N_DEPTHS    3
#define MAX_TARGETS 4
#define MAX_SAMPLES 20000
#define TURNS	    7
#define SECONDS	    2	 /* of each */
#define AIM_NEW	    1000 /* ns, 20 frames */
#define AIM_KNOWN   250

static const unsigned int depths[N_DEPTHS] = { 5, 20, 40 };

/* Medians of the turns, fastest first. */
struct result {
	double ns[TURNS];
};

/* Times of one depth, in each way. */
struct times {
	uint64_t *ns[WALK_WAYS];
	size_t n;
};

struct bench {
	const char *path;
	pid_t pid;
	struct measuring *measuring;
	struct unwind_bpf *skel;
	struct bpf_link *link;
	struct ring_buffer *ring;
	struct times times[N_DEPTHS];
};

static int fail(const char *what)
{
	fprintf(stderr, "unwind: %s\n", what);
	return -1;
}

static int target_start(struct bench *b)
{
	char line[64] = "", words[N_DEPTHS][12];
	char *argv[N_DEPTHS + 2] = { (char *)b->path };
	int ends[2];

	for (int i = 0; i < N_DEPTHS; i++) {
		snprintf(words[i], sizeof(words[i]), "%u", depths[i]);
		argv[i + 1] = words[i];
	}
	if (pipe(ends))
		return fail("no pipe");
	b->pid = fork();
	if (!b->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 1);
		execv(b->path, argv);
		_exit(127);
	}
	close(ends[1]);
	if (read(ends[0], line, sizeof(line) - 1) <= 0)
		return fail("the target does not start");
	close(ends[0]);
	return 0;
}

static int on_sample(void *ctx, void *data, size_t size)
{
	const struct unwind_sample *sample = data;
	struct bench *b = ctx;

	(void)size;
	for (int i = 0; i < N_DEPTHS; i++) {
		struct times *t = &b->times[i];

		if (sample->depth != depths[i] || t->n == MAX_SAMPLES)
			continue;
		if (sample->frames != sample->depth || sample->end != STACK_END_ROOT)
			return fail("memtop has found another stack than there is");
		for (int way = 0; way < WALK_WAYS; way++)
			t->ns[way][t->n] = sample->ns[way];
		t->n++;
	}
	return 0;
}

static int bench_start(struct bench *b, const char *memtop)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = "event");
	struct settings *settings;

	for (int i = 0; i < N_DEPTHS; i++) {
		for (int way = 0; way < WALK_WAYS; way++)
			b->times[i].ns[way] = calloc(MAX_SAMPLES, sizeof(uint64_t));
	}
	if (target_start(b))
		return -1;
	b->measuring = measuring_open(memtop, b->pid, "pages");
	b->skel = unwind_bpf__open();
	if (!b->measuring || !b->skel)
		return fail("memtop does not measure");
	settings = (struct settings *)&b->skel->rodata->settings;
	settings->max_tallies = measuring_max_tallies(b->measuring);
	b->skel->bss->target = b->pid;
	if (measuring_share(b->measuring, b->skel->obj) || unwind_bpf__load(b->skel))
		return fail("the programs cannot be loaded");
	b->link = bpf_program__attach_uprobe_opts(b->skel->progs.bench_event, b->pid, b->path, 0,
						  &opts);
	b->ring = ring_buffer__new(bpf_map__fd(b->skel->maps.samples), on_sample, b, NULL);
	return b->link && b->ring ? 0 : fail("the target cannot be probed");
}

static void bench_end(struct bench *b)
{
	bpf_link__destroy(b->link);
	ring_buffer__free(b->ring);
	unwind_bpf__destroy(b->skel);
	measuring_close(b->measuring);
	if (b->pid > 0) {
		kill(b->pid, SIGKILL);
		waitpid(b->pid, NULL, 0);
	}
	for (int i = 0; i < N_DEPTHS; i++) {
		for (int way = 0; way < WALK_WAYS; way++)
			free(b->times[i].ns[way]);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double median(struct times *t, enum walk_way way)
{
	if (!t->n)
		return 0;
	qsort(t->ns[way], t->n, sizeof(uint64_t), compare);
	return t->ns[way][t->n / 2];
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define N_BENCHES 2 /* the stock build, the one with frame pointers */

static struct result results[N_BENCHES][N_DEPTHS][WALK_WAYS];

/* One turn; its medians go into results. */
static int turn_run(char **argv, int turn)
{
	struct bench benches[N_BENCHES] = { 0 };
	time_t until;
	int err = 0;

	for (int i = 0; i < N_BENCHES && !err; i++) {
		benches[i].path = argv[2 + i];
		err = bench_start(&benches[i], argv[1]);
	}
	until = time(NULL) + SECONDS;
	while (!err && time(NULL) < until) {
		for (int i = 0; i < N_BENCHES && !err; i++)
			err = ring_buffer__poll(benches[i].ring, 10) < 0;
	}
	for (int i = 0; i < N_BENCHES; i++) {
		for (int d = 0; d < N_DEPTHS && !err; d++) {
			for (int way = 0; way < WALK_WAYS; way++)
				results[i][d][way].ns[turn] = median(&benches[i].times[d], way);
		}
		bench_end(&benches[i]);
	}
	return err;
}

static void print_row(const char *what, struct result (*depth)[WALK_WAYS], enum walk_way way)
{
	double first = depth[0][way].ns[TURNS / 2], last = depth[N_DEPTHS - 1][way].ns[TURNS / 2];

	printf("%-46s", what);
	for (int i = 0; i < N_DEPTHS; i++)
		printf(" %6.0f ns", depth[i][way].ns[TURNS / 2]);
	printf(" %6.1f ns\n", (last - first) / (depths[N_DEPTHS - 1] - depths[0]));
}

static void print_aim(const char *what, const struct result *r, double aim)
{
	double middle = r->ns[TURNS / 2];

	printf("%s: %.0f ns, by turn %.0f to %.0f (aim <= %.0f): %s\n", what, middle, r->ns[0],
	       r->ns[TURNS - 1], aim, middle <= aim ? "met" : "MISSED");
}

static void print_all(void)
{
	for (int i = 0; i < N_BENCHES * N_DEPTHS * WALK_WAYS; i++)
		qsort((&results[0][0][0])[i].ns, TURNS, sizeof(double), compare_double);
	printf("One walk of a stack of                        ");
	for (int i = 0; i < N_DEPTHS; i++)
		printf(" %6u fr", depths[i]);
	printf("  one more\n");
	print_row("memtop, stock build, new stack", results[0], WALK_NEW);
	print_row("memtop, stock build, known (memo)", results[0], WALK_KNOWN);
	print_row("memtop, with frame pointers, new stack", results[1], WALK_NEW);
	print_row("memtop, with frame pointers, known (memo)", results[1], WALK_KNOWN);
	print_row("bpf_get_stackid, with frame pointers", results[1], WALK_STACKID);
	printf("The middle of %d turns' medians; bpf_get_stackid finds no whole stack in a stock "
	       "build.\n\n",
	       TURNS);
	print_aim("20 frames, new", &results[0][1][WALK_NEW], AIM_NEW);
	print_aim("20 frames, known", &results[0][1][WALK_KNOWN], AIM_KNOWN);
}

int main(int argc, char **argv)
{
	if (argc != 2 + N_BENCHES)
		return 2;
	for (int turn = 0; turn < TURNS; turn++) {
		if (turn_run(argv, turn))
			return 1;
	}
	print_all();
	return 0;
}
