// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forks: what a fork, a vfork and an exec do to the figures of parent and child.
 *
 *	parent  allocates, forks, rests     its truth: as if there had been no fork
 *	child   frees what it inherited, allocates, rests
 *	vfork   a child in the parent's own memory execs "forks exec", which allocates
 *
 * Each says its pid with its truth: {"pid":…,"function":…}.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/mman.h>
#include <sys/wait.h>

#include "target.h"

static void truth_of(const char *function, size_t bytes, long count)
{
	say("{\"pid\":%d,\"function\":\"%s\",\"bytes\":%zu,\"count\":%ld}", (int)getpid(), function,
	    bytes, count);
}

APART static void parent_block(void **blocks)
{
	for (int i = 0; i < 100; i++)
		blocks[i] = malloc(1000);
}

APART static void *parent_mapping(void)
{
	void *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, MIB);
	return p;
}

APART static void parent_after(void)
{
	KEEP(malloc(12345));
}

APART static void child_block(void)
{
	for (int i = 0; i < 10; i++)
		KEEP(malloc(700));
}

APART static void child_mapping(void)
{
	KEEP(mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

APART static void exec_block(void)
{
	KEEP(malloc(54321));
	KEEP(calloc(10, 10));
}

static void child(void **blocks, void *mapping)
{
	target_child();
	for (int i = 0; i < 50; i++)
		free(blocks[i]);
	munmap(mapping, MIB);
	child_block();
	child_mapping();
	truth_of("child_block", 7000, 10);
	truth_of("child_mapping", 2 * MIB, 1);
	say("CHILD");
	pause();
	_exit(0);
}

static int exec_main(void)
{
	target_child();
	exec_block();
	truth_of("exec_block", 54421, 2);
	say("EXEC");
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	char path[4096] = "";
	char *const args[] = { path, (char *)"exec", NULL };
	void *blocks[100], *mapping;
	pid_t forked, vforked;

	if (argc > 1 && !strcmp(argv[1], "exec"))
		return exec_main();
	/* by its own name: /proc/self/exe would call the process "exe" */
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return 1;
	target_ready();
	parent_block(blocks);
	mapping = parent_mapping();
	forked = fork();
	if (forked == 0)
		child(blocks, mapping);
	vforked = vfork();
	if (vforked == 0) {
		execv(path, args);
		_exit(1);
	}
	parent_after();
	truth_of("parent_block", 100000, 100);
	truth_of("parent_mapping", MIB, 1);
	truth_of("parent_after", 12345, 1);
	target_rest();
	kill(forked, SIGKILL);
	kill(vforked, SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
