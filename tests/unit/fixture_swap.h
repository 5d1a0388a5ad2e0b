/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture_swap: a swap file of 64 MiB of the test's own.
 *
 * For tests that push pages out for real.  It goes away with swap_off(), and also when the test is
 * killed; where none can be made, need_swap() skips the test and says why.
 */
#ifndef MEMTOP_TESTS_FIXTURE_SWAP_H
#define MEMTOP_TESTS_FIXTURE_SWAP_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#define SWAP_PAGE 4096U

#define skip_because(...)                                                                          \
	do {                                                                                       \
		printf("skipped: " __VA_ARGS__);                                                   \
		printf("\n");                                                                      \
		skip();                                                                            \
	} while (0)

static char swap_path[64];
static char swap_missing[128] = "";
static int swap_keeper = -1; /* closing it (also by dying) ends the swap file */
static pid_t swap_keeper_pid;

/* What mkswap writes: include/linux/swap.h, union swap_header. */
static int swap_make(int fd, uint32_t pages)
{
	static char block[1 << 20];
	char *header = block;

	for (uint32_t done = 0; done < pages * SWAP_PAGE; done += sizeof(block)) {
		memset(block, 0, sizeof(block));
		if (!done) {
			memcpy(header + 1024, &(uint32_t){ 1 }, 4);
			memcpy(header + 1028, &(uint32_t){ pages - 1 }, 4);
			memcpy(header + SWAP_PAGE - 10, "SWAPSPACE2", 10);
		}
		if (write(fd, block, sizeof(block)) != sizeof(block))
			return -errno;
	}
	return fsync(fd) ? -errno : 0;
}

/* Waits in a child until the test closes its end of the pipe or is killed; then cleans up. */
static void swap_keep(void)
{
	int ends[2];
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	swap_keeper_pid = fork();
	assert_true(swap_keeper_pid >= 0);
	if (!swap_keeper_pid) {
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		close(ends[1]);
		(void)!read(ends[0], &byte, 1);
		swapoff(swap_path);
		unlink(swap_path);
		_exit(0);
	}
	close(ends[0]);
	swap_keeper = ends[1];
}

static void swap_off(void)
{
	if (swap_keeper < 0)
		return;
	close(swap_keeper);
	waitpid(swap_keeper_pid, NULL, 0);
}

static void swap_on(void)
{
	struct sysinfo machine;
	int fd, err;

	snprintf(swap_path, sizeof(swap_path), "/var/tmp/memtop-test-swap.XXXXXX");
	fd = mkstemp(swap_path);
	err = fd < 0 ? -errno : swap_make(fd, (64 << 20) / SWAP_PAGE);
	if (fd >= 0)
		close(fd);
	if (!err && swapon(swap_path, 0))
		err = -errno;
	if (!err) {
		swap_keep();
		return;
	}
	unlink(swap_path);
	/* as on a tmpfs; what swap the machine has will do */
	if (!sysinfo(&machine) && machine.freeswap * machine.mem_unit >= 64 << 20)
		return;
	snprintf(swap_missing, sizeof(swap_missing), "no swap file can be made: %s",
		 strerror(-err));
}

static inline void need_swap(void)
{
	if (swap_missing[0])
		skip_because("%s", swap_missing);
}

#endif
