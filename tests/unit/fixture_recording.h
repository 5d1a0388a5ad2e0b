/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture_recording: a folder of its own for each test of recordings, and the name of one in it.
 *
 * The tests of recordings give both functions to cmocka.  What a test leaves is removed, also a
 * disk that it has mounted on the folder and not taken away, as it failed.
 */
#ifndef MEMTOP_TESTS_FIXTURE_RECORDING_H
#define MEMTOP_TESTS_FIXTURE_RECORDING_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

static char dir[] = "/tmp/memtop-recording-XXXXXX", path[64];

static int setup(void **state)
{
	(void)state;
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.db", dir);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	umount2(dir, MNT_DETACH);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

#endif
