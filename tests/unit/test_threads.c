// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "proc/maps.h"
#include "proc/threads.h"

static void test_syscall_text(void **state)
{
	static const struct {
		const char *text;
		uint64_t sp;
	} cases[] = {
		{ "running\n", 0 },
		{ "", 0 },
		{ "\n", 0 },
		{ "0 0x3 0x7ffc 0x2000 0x0 0x0 0x0 0x7ffd0000aa58 0x7f0011223344\n",
		  0x7ffd0000aa58 },
		{ "-1 0x7ffd0000aa58 0x7f0011223344\n", 0x7ffd0000aa58 },
		{ "202 0x1\n", 0 },
		{ "-1\n", 0 },
		{ "junk 0x1 0x2\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(threads_parse_syscall(cases[i].text), cases[i].sp);
}

enum { SLEEPERS = 3, STACK = 1 << 20 };

struct worker {
	pthread_t thread;
	char *stack;
	_Atomic pid_t tid;
	bool spins;
};

static pthread_mutex_t closed = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool stop;

static void *work(void *arg)
{
	struct worker *w = arg;

	w->tid = (pid_t)syscall(SYS_gettid);
	while (w->spins && !stop)
		;
	pthread_mutex_lock(&closed);
	pthread_mutex_unlock(&closed);
	return NULL;
}

static void worker_start(struct worker *w, bool spins)
{
	pthread_attr_t attr;

	w->spins = spins;
	w->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(w->stack != MAP_FAILED);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, w->stack, STACK);
	assert_int_equal(pthread_create(&w->thread, &attr, work, w), 0);
	pthread_attr_destroy(&attr);
	while (!w->tid)
		usleep(1000);
}

static const struct thread *find(const struct threads *threads, pid_t tid)
{
	vec_for_each (threads, t) {
		if (t->tid == tid)
			return t;
	}
	return NULL;
}

static void test_stacks_of_own_threads(void **state)
{
	struct worker workers[SLEEPERS + 1] = { 0 };
	struct threads threads = { 0 };
	const struct thread *t;

	(void)state;
	pthread_mutex_lock(&closed);
	for (int i = 0; i <= SLEEPERS; i++)
		worker_start(&workers[i], i == SLEEPERS);
	usleep(50000); /* lets them go to sleep */
	assert_int_equal(threads_read(getpid(), &threads), 0);
	assert_int_equal(threads.n, 1 + SLEEPERS + 1);
	for (size_t i = 1; i < threads.n; i++)
		assert_true(threads.at[i - 1].tid < threads.at[i].tid);
	for (int i = 0; i < SLEEPERS; i++) {
		t = find(&threads, workers[i].tid);
		assert_non_null(t);
		assert_in_range(t->stack_pointer, (uintptr_t)workers[i].stack,
				(uintptr_t)workers[i].stack + STACK - 1);
	}
	/* one that runs has none to show */
	t = find(&threads, workers[SLEEPERS].tid);
	assert_non_null(t);
	assert_int_equal(t->stack_pointer, 0);
	assert_non_null(find(&threads, getpid()));
	stop = true;
	pthread_mutex_unlock(&closed);
	for (int i = 0; i <= SLEEPERS; i++) {
		pthread_join(workers[i].thread, NULL);
		munmap(workers[i].stack, STACK);
	}
	/* replaced, not appended; what was joined may take a moment to leave the kernel's list */
	for (int i = 0; i < 100 && threads.n != 1; i++) {
		usleep(10000);
		assert_int_equal(threads_read(getpid(), &threads), 0);
	}
	assert_int_equal(threads.n, 1);
	vec_free(&threads);
}

static void test_main_thread_of_another_process(void **state)
{
	struct threads threads = { 0 };
	struct maps maps = { 0 };
	const struct map *m;
	int ends[2];
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		close(ends[1]);
		(void)!read(ends[0], &byte, 1);
		_exit(0);
	}
	usleep(50000);
	assert_int_equal(threads_read(child, &threads), 0);
	assert_int_equal(threads.n, 1);
	assert_int_equal(threads.at[0].tid, child);
	assert_int_equal(maps_read(child, &maps), 0);
	m = maps_find(&maps, threads.at[0].stack_pointer);
	assert_non_null(m);
	assert_int_equal(m->type, MAP_TYPE_STACK);
	maps_free(&maps);
	close(ends[0]);
	close(ends[1]);
	waitpid(child, NULL, 0);
	assert_int_equal(threads_read(child, &threads), -ESRCH);
	assert_int_equal(threads.n, 0);
	vec_free(&threads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syscall_text),
		cmocka_unit_test(test_stacks_of_own_threads),
		cmocka_unit_test(test_main_thread_of_another_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
