// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The unwinder against libdwfl, at the same stop of the same thread, frame for frame.
 *
 * A memtop measures a process; programs beside its own walk the stack at many kinds of events, now
 * and then stop the thread right there, and libdwfl unwinds it as it stands.
 *
 *	target <-- memtop (rows, mappings, memos) <-- stopper (walks, stops) --frames--+
 *	   ^------------------- reference (libdwfl) ---frames---> equal? <-------------+
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measuring.h"
#include "reference.h"
#include "stopper.h"

#define SAMPLES	 200
#define MAX_LIST 12

/* DWARF's numbers of registers. */
#define RBP    6
#define RSP    7

#define TARGET "./target"
#define LIBC   "/lib/x86_64-linux-gnu/libc.so.6"

/* A list of functions; `file` is where they are, NULL for the target itself. */
struct functions {
	const char *file;
	const char *names[MAX_LIST];
};

struct scenario {
	const char *argv[MAX_LIST];
	const char *mode;  /* memtop's; NULL: pages */
	bool says_ready;   /* prints a line once it is at work */
	bool may_end;	   /* by itself, when it has done its work */
	unsigned int ways; /* bits 1 << enum stop_way of those that are watched */
	struct functions entry, inside;
	struct functions hold;	/* uretprobes of our own */
	struct functions note;	/* where memtop has uretprobes */
	const char *see;	/* a file that some stacks must go through */
	const char *see_symbol; /* or a function */
	bool see_depth;		/* some must be too deep */
};

struct counts {
	size_t samples, frames, moved, foreign, root, deep, seen, memo_right, by_way[STOP_WAYS];
	size_t different, excused, memo_wrong;
	size_t deepest;
};

struct run {
	const struct scenario *scenario;
	pid_t pid;
	struct measuring *measuring;
	struct stopper *stopper;
	struct reference *reference;
	struct counts counts;
};

static const char *const way_names[] = { "entries", "insides", "faults", "system calls", "timer" };

static char memtop_path[PATH_MAX];

/* Of all scenarios. */
static size_t all_samples, all_excused;

/* Goes where this program is: what the targets are made from is there, too. */
static void enter_directory(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	assert_true(n > 0);
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	assert_int_equal(chdir(path), 0);
}

/* --- a process to look at --------------------------------------------------------------------- */

/* A line of output: it is at work. Without one, that much time. */
static void wait_ready(int fd, bool says_ready)
{
	char byte;

	if (!says_ready) {
		usleep(300000);
		return;
	}
	while (read(fd, &byte, 1) == 1 && byte != '\n')
		;
}

static pid_t target_start(const struct scenario *s)
{
	const char *path = s->argv[0] ? s->argv[0] : TARGET;
	const char *argv[MAX_LIST + 1] = { path };
	int ends[2], null;
	pid_t pid;

	for (int i = 1; i < MAX_LIST && s->argv[i]; i++)
		argv[i] = s->argv[i];
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(s->says_ready ? ends[1] : null, 1);
		if (!s->says_ready)
			dup2(null, 2);
		execv(path, (char **)argv);
		perror(path);
		_exit(127);
	}
	close(ends[1]);
	wait_ready(ends[0], s->says_ready);
	/* what it says from now on goes nowhere, and is not waited for */
	signal(SIGPIPE, SIG_IGN);
	return pid;
}

static int probe_all(struct run *run, const struct functions *list,
		     int (*probe)(struct stopper *, const char *, const char *))
{
	for (int i = 0; i < MAX_LIST && list->names[i]; i++) {
		int err = probe(run->stopper, list->file ? list->file : TARGET, list->names[i]);

		if (err)
			fail_msg("%s cannot be probed: %s", list->names[i], strerror(-err));
	}
	return 0;
}

static int probe_entry(struct stopper *s, const char *path, const char *function)
{
	return stopper_probe(s, STOP_ENTRY, path, function);
}

static int probe_inside(struct stopper *s, const char *path, const char *function)
{
	return stopper_probe(s, STOP_INSIDE, path, function);
}

static uint64_t original(void *ctx, uint64_t slot)
{
	return stopper_original(((struct run *)ctx)->stopper, slot);
}

static void run_start(struct run *run, const struct scenario *s)
{
	run->scenario = s;
	run->pid = target_start(s);
	run->measuring = measuring_open(memtop_path, run->pid, s->mode ? s->mode : "pages");
	assert_non_null(run->measuring);
	run->stopper = stopper_open(run->measuring, run->pid);
	assert_non_null(run->stopper);
	run->reference = reference_open(run->pid, original, run);
	assert_non_null(run->reference);
	probe_all(run, &s->hold, stopper_hold);
	probe_all(run, &s->note, stopper_note);
	probe_all(run, &s->entry, probe_entry);
	probe_all(run, &s->inside, probe_inside);
	for (int way = STOP_FAULT; way < STOP_WAYS; way++) {
		if (s->ways & 1u << way)
			assert_int_equal(stopper_watch(run->stopper, way), 0);
	}
}

static void run_end(struct run *run)
{
	stopper_close(run->stopper);
	reference_close(run->reference);
	measuring_close(run->measuring);
	if (run->pid > 0) {
		kill(run->pid, SIGKILL);
		waitpid(run->pid, NULL, 0);
	}
}

/* --- comparing -------------------------------------------------------------------------------- */

/*
 * A probed instruction has been executed by the time its thread stops: frame 0 may lie one further.
 */
static size_t first_frame(const struct stop_sample *sample)
{
	return sample->way == STOP_ENTRY || sample->way == STOP_INSIDE ? 1 : 0;
}

/*
 * True when the thread stopped elsewhere: another signal came first, and it stands at the handler's
 * beginning, or the timer's SIGSTOP reached it some instructions later.
 */
static bool has_moved(const struct stop_sample *sample, const struct reference_stack *ref)
{
	if (!ref->n)
		return false;
	if (first_frame(sample))
		return ref->pc[0] - sample->frames[0].address > 15 || sample->sp - ref->sp > 8;
	return ref->pc[0] != sample->frames[0].address || ref->sp != sample->sp;
}

/* The first frame that differs; the number of frames when none does. */
static size_t frames_equal(const struct stop_sample *sample, const struct reference_stack *ref)
{
	size_t i = first_frame(sample);

	while (i < sample->n && i < ref->n && sample->frames[i].address == ref->pc[i])
		i++;
	return i;
}

static bool is_same(const struct stop_sample *sample, const struct reference_stack *ref)
{
	size_t n = ref->n < STACK_MAX_FRAMES ? ref->n : STACK_MAX_FRAMES;

	if (ref->error || sample->n != n || frames_equal(sample, ref) != n)
		return false;
	return sample->end == (ref->n > STACK_MAX_FRAMES ? STACK_END_DEPTH : STACK_END_ROOT);
}

/*
 * What may differ, and is told apart from all else by what libdw says of the place itself.  Only an
 * interrupt, by the timer or by a signal on the stack, comes to such places:
 *  - Rows know frames by rsp or rbp.  A function that aligns its stack has a few instructions where
 *    the frame is found through r10, as has longjmp() with rdi: memtop's walk must end there, and
 *    say that this is unsupported.
 *  - Where a file describes no frame, as behind clone's system call, libdwfl guesses one more frame
 *    at most and then says that it knows no way on.
 */
static bool is_excused(struct run *run, const struct stop_sample *sample,
		       const struct reference_stack *ref)
{
	size_t same = frames_equal(sample, ref);
	int reg;

	if (!same || !ref->interrupted[same - 1])
		return false;
	reg = reference_cfa_register(run->reference, ref->pc[same - 1]);
	if (reg < 0)
		return ref->error;
	return sample->n == same && sample->end == STACK_END_UNSUPPORTED && reg != RBP &&
	       reg != RSP;
}

static void show_difference(struct run *run, const struct stop_sample *sample,
			    const struct reference_stack *ref)
{
	size_t at = frames_equal(sample, ref), i = at > 3 ? at - 3 : 0;

	print_message("  %s: %u frames, end %u; libdwfl %zu frames, %s\n", way_names[sample->way],
		      sample->n, sample->end, ref->n, ref->error ? ref->error : "complete");
	for (; i < at + 4; i++) {
		uint64_t a = i < sample->n ? sample->frames[i].address : 0,
			 b = i < ref->n ? ref->pc[i] : 0;

		print_message("   %c#%zu %#lx %s %s | %#lx %s %s\n", i == at ? '>' : ' ', i, a,
			      reference_module(run->reference, a),
			      reference_symbol(run->reference, a - 1), b,
			      reference_module(run->reference, b),
			      reference_symbol(run->reference, b - 1));
	}
}

static void show_wrong_memo(struct run *run, const struct stop_sample *sample)
{
	print_message("  %s: the memo's stack is not this one, of %u frames, end %u\n",
		      way_names[sample->way], sample->n, sample->end);
	for (size_t i = 0; i < sample->n; i++)
		print_message("    #%zu %#lx %s %s\n", i, (long)sample->frames[i].address,
			      reference_module(run->reference, sample->frames[i].address),
			      reference_symbol(run->reference, sample->frames[i].address - 1));
}

static bool goes_through(struct run *run, const struct stop_sample *sample)
{
	const struct scenario *s = run->scenario;

	for (size_t i = 0; i < sample->n; i++) {
		uint64_t pc = sample->frames[i].address - (i > 0);

		if (s->see &&
		    !strncmp(reference_module(run->reference, pc), s->see, strlen(s->see)))
			return true;
		if (s->see_symbol && !strcmp(reference_symbol(run->reference, pc), s->see_symbol))
			return true;
	}
	return false;
}

static void compare(struct run *run, const struct stop_sample *sample,
		    const struct reference_stack *ref)
{
	struct counts *c = &run->counts;

	c->moved += has_moved(sample, ref);
	c->foreign += ref->unknown_uretprobe;
	if (has_moved(sample, ref) || ref->unknown_uretprobe)
		return;
	c->samples++;
	c->by_way[sample->way]++;
	c->frames += sample->n;
	c->root += sample->end == STACK_END_ROOT;
	c->deep += sample->end == STACK_END_DEPTH;
	c->memo_right += sample->memo == STOP_MEMO_RIGHT;
	c->memo_wrong += sample->memo == STOP_MEMO_WRONG;
	c->seen += goes_through(run, sample);
	if (sample->n > c->deepest)
		c->deepest = sample->n;
	if (sample->memo == STOP_MEMO_WRONG)
		show_wrong_memo(run, sample);
	if (is_same(sample, ref))
		return;
	if (is_excused(run, sample, ref))
		c->excused++;
	else if (c->different++ < 5)
		show_difference(run, sample, ref);
}

/* --- sampling --------------------------------------------------------------------------------- */

/* After how many events, at random: each kind comes at its own pace. */
static unsigned int pause_of(enum stop_way way)
{
	static const unsigned int most[STOP_WAYS] = { 60, 10, 8, 10, 3 };

	return 1 + rand() % most[way];
}

/* Arms, lets the process go on, and looks at where it stops. False: nothing happened in time. */
static bool sample_once(struct run *run, enum stop_way way)
{
	static struct reference_stack ref;
	static struct stop_sample sample;

	stopper_arm(run->stopper, way, pause_of(way));
	kill(run->pid, SIGCONT);
	if (!stopper_wait(run->stopper, &sample, 1000)) {
		stopper_disarm(run->stopper, way);
		/* one that was on its way just then */
		if (!stopper_wait(run->stopper, &sample, 50))
			return false;
	}
	if (reference_walk(run->reference, sample.tid, &ref))
		compare(run, &sample, &ref);
	return true;
}

static bool has_ended(const struct run *run)
{
	siginfo_t info = { 0 };

	waitid(P_PID, run->pid, &info, WEXITED | WNOHANG | WNOWAIT);
	return info.si_pid == run->pid;
}

static void sample_all(struct run *run)
{
	int quiet = 0;

	while (run->counts.samples < SAMPLES && quiet < 20) {
		for (int way = 0; way < STOP_WAYS; way++) {
			if (!(run->scenario->ways & 1u << way))
				continue;
			if (!sample_once(run, way))
				quiet++;
		}
		if (has_ended(run)) {
			if (!run->scenario->may_end)
				fail_msg("the target ended");
			return;
		}
		if (run->counts.moved + run->counts.foreign > 3 * SAMPLES)
			return;
	}
}

static void say_counts(const struct run *run)
{
	const struct counts *c = &run->counts;

	print_message("  %zu stacks, %zu frames, deepest %zu, %zu to the root, %zu too deep; "
		      "%zu memos held against a walk (%lu of %lu walks were known); %zu moved on, "
		      "%zu with another's uretprobes, %zu excused\n",
		      c->samples, c->frames, c->deepest, c->root, c->deep, c->memo_right,
		      stopper_memo_hits(run->stopper), stopper_walks(run->stopper), c->moved,
		      c->foreign, c->excused);
	for (int way = 0; way < STOP_WAYS; way++) {
		if (c->by_way[way])
			print_message("  %zu at %s\n", c->by_way[way], way_names[way]);
	}
	if (run->scenario->see || run->scenario->see_symbol)
		print_message("  %zu through %s\n", c->seen,
			      run->scenario->see ? run->scenario->see : run->scenario->see_symbol);
}

static void check_scenario(const struct scenario *s)
{
	struct run run = { 0 };
	const char *path = s->argv[0];

	if (path && access(path, X_OK)) {
		print_message("skipped: %s is not installed\n", path);
		skip();
	}
	run_start(&run, s);
	sample_all(&run);
	say_counts(&run);
	run_end(&run);
	all_samples += run.counts.samples;
	all_excused += run.counts.excused;
	assert_int_equal(run.counts.different, 0);
	assert_int_equal(run.counts.memo_wrong, 0);
	assert_true(run.counts.excused * 20 <= run.counts.samples);
	assert_true(run.counts.samples >= SAMPLES);
	for (int way = 0; way < STOP_WAYS; way++) {
		if (s->ways & 1u << way)
			assert_true(run.counts.by_way[way] >= 20);
	}
	if (s->see || s->see_symbol)
		assert_true(run.counts.seen >= 10);
	if (s->see_depth)
		assert_true(run.counts.deep >= 10);
}

/* --- the scenarios ---------------------------------------------------------------------------- */

#define WAY(way) (1u << STOP_##way)
#define PROBED	 (WAY(ENTRY) | WAY(INSIDE))
#define EVENT	 .entry = { .names = { "event" } }
#define EVENTS	 EVENT, .inside = { .names = { "inside_here" } }, .says_ready = true

/* For programs that are there anyway. */
#define MALLOC .entry = { .file = LIBC, .names = { "malloc", "realloc", "free" } }

/* Frames of every make, at a function's beginning, in its middle, and anywhere. */
static void test_mixed(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "mixed" },
		.ways = PROBED | WAY(SAMPLED),
		EVENTS,
	};

	(void)state;
	check_scenario(&s);
}

static void test_threads(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "threads" },
		.ways = PROBED | WAY(SAMPLED),
		EVENTS,
		.see_symbol = "short_thread",
	};

	(void)state;
	check_scenario(&s);
}

/* Handlers within handlers, upon code at any instruction. */
static void test_signals(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "signals" },
		.ways = PROBED | WAY(SAMPLED),
		EVENTS,
		.see_symbol = "on_signal",
	};

	(void)state;
	check_scenario(&s);
}

static void test_alternate_stack(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "alternate" },
		.ways = PROBED | WAY(SAMPLED),
		EVENTS,
		.see_symbol = "on_signal",
	};

	(void)state;
	check_scenario(&s);
}

/* Handlers upon the vDSO's code, its own system calls, and the timer inside it. */
static void test_vdso(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "vdso" },
		.ways = PROBED | WAY(SAMPLED) | WAY(SYSCALL),
		EVENTS,
		.see = "[vdso]",
	};

	(void)state;
	check_scenario(&s);
}

static void test_callbacks(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "callbacks" },
		.ways = PROBED,
		EVENTS,
		.see = "libc.so.6",
		.see_symbol = "compare",
	};

	(void)state;
	check_scenario(&s);
}

static void test_plugins(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "plugins" },
		.ways = WAY(ENTRY) | WAY(SAMPLED),
		EVENTS,
		.see = "plugin",
	};

	(void)state;
	check_scenario(&s);
}

static void test_deep(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "deep" },
		.ways = PROBED,
		EVENTS,
		.see_depth = true,
	};

	(void)state;
	check_scenario(&s);
}

/* uretprobes below: on functions that call each other in tail position, too. */
static void test_uretprobes(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "held" },
		.ways = PROBED | WAY(SAMPLED),
		EVENTS,
		.hold = { .names = { "held_a", "held_b", "held_tail" } },
		.see_symbol = "held_a",
	};

	(void)state;
	check_scenario(&s);
}

static void test_faults(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "faults" },
		.ways = PROBED | WAY(FAULT),
		EVENTS,
		.see_symbol = "touch",
	};

	(void)state;
	check_scenario(&s);
}

static void test_system_calls(void **state)
{
	static const struct scenario s = {
		.argv = { NULL, "syscalls" },
		.ways = WAY(SYSCALL),
		.says_ready = true,
		.see_symbol = "call_kernel",
	};

	(void)state;
	check_scenario(&s);
}

static void test_python(void **state)
{
	static const struct scenario s = {
		.argv = { "/usr/bin/python3", "varied.py" },
		.says_ready = true,
		MALLOC,
		.ways = WAY(ENTRY) | WAY(FAULT) | WAY(SYSCALL) | WAY(SAMPLED),
	};

	(void)state;
	check_scenario(&s);
}

/* As memtop measures by default: its own uretprobes lie on the stacks. */
static void test_python_in_full(void **state)
{
	static const struct scenario s = {
		.argv = { "/usr/bin/python3", "varied.py" },
		.mode = "full",
		.says_ready = true,
		.ways = WAY(SYSCALL) | WAY(FAULT) | WAY(SAMPLED),
		.note = { .file = LIBC, .names = { "malloc", "calloc", "realloc", "free" } },
	};

	(void)state;
	check_scenario(&s);
}

static void test_gdb(void **state)
{
	static const struct scenario s = {
		.argv = { "/usr/bin/gdb", "-nx", "-batch", "-x", "browse.gdb" },
		MALLOC,
		.ways = WAY(ENTRY) | WAY(SYSCALL) | WAY(SAMPLED),
	};

	(void)state;
	check_scenario(&s);
}

static void test_clang(void **state)
{
	static const struct scenario s = {
		.argv = { "/usr/bin/clang++-14", "-std=c++17", "-O2", "-S", "-o", "/dev/null",
			  "large.cc" },
		.ways = WAY(ENTRY) | WAY(FAULT) | WAY(SAMPLED),
		MALLOC,
	};

	(void)state;
	check_scenario(&s);
}

/* So few that chance cannot make them more: one in a hundred of all. */
static void test_excused_are_few(void **state)
{
	(void)state;
	print_message("  %zu of %zu stacks excused\n", all_excused, all_samples);
	assert_true(all_excused * 100 <= all_samples);
}

int main(int argc, char **argv)
{
	const char *memtop = getenv("MEMTOP");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mixed),	       cmocka_unit_test(test_threads),
		cmocka_unit_test(test_signals),	       cmocka_unit_test(test_alternate_stack),
		cmocka_unit_test(test_vdso),	       cmocka_unit_test(test_callbacks),
		cmocka_unit_test(test_plugins),	       cmocka_unit_test(test_deep),
		cmocka_unit_test(test_uretprobes),     cmocka_unit_test(test_faults),
		cmocka_unit_test(test_system_calls),   cmocka_unit_test(test_python),
		cmocka_unit_test(test_python_in_full), cmocka_unit_test(test_gdb),
		cmocka_unit_test(test_clang),	       cmocka_unit_test(test_excused_are_few),
	};

	if (!realpath(memtop ? memtop : "memtop", memtop_path)) {
		perror(memtop);
		return 1;
	}
	/* what else runs on the machine shall not starve one of the five that take turns */
	setpriority(PRIO_PROCESS, 0, -5);
	enter_directory();
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
