// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as an ELF file, and as a function: sites lie in the file, in order, and are sound. */
#include <elf.h>
#include <linux/types.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe_cookie.h"
#include "probe/image.h"
#include "probe/plan.h"
#include "probe/prologue.h"
#include "probe/x86.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(int holds)
{
	if (!holds)
		abort();
}

static void check_cookie(uint64_t cookie)
{
	unsigned shift;

	check((cookie & 0xff) > HEAP_NONE && (cookie & 0xff) <= HEAP_FREE);
	for (shift = 8; shift <= 20; shift += 4)
		check((cookie >> shift & 15) < 6 || (cookie >> shift & 15) == HEAP_ARG_NONE);
	check(!(cookie >> 24));
}

static void try_as_file(int fd, size_t n)
{
	struct probe_plan plan;
	struct image *image;
	uint64_t end = 0;

	if (image_open(fd, &image))
		return;
	if (probe_plan_image(image, &plan))
		check(!plan.n && !plan.at);
	vec_for_each (&plan, s) {
		check(s->offset >= end && s->offset < n && s->offset >= s->skipped);
		check(s->instruction && strlen(s->function) > 3);
		check_cookie(s->cookie);
		end = s->offset + 1;
	}
	probe_plan_free(&plan);
	image_close(image);
}

static void try_as_function(const uint8_t *code, size_t n)
{
	uint64_t cookie = HEAP_COOKIE(HEAP_REALLOC, 2, 1, 0, HEAP_ARG_NONE);
	struct x86_insn insn;
	struct prologue p;
	int64_t target;

	prologue_tail(EM_X86_64, code, n, &target);
	prologue_pick(EM_X86_64, code, n, cookie, &p);
	check_cookie(p.cookie);
	check(p.skipped == 0 || (p.cheap && p.skipped < n));
	check(!p.cheap || (x86_decode(code + p.skipped, n - p.skipped, &insn) && insn.emulated));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	check(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, data, n, 0) == (ssize_t)n);
	try_as_file(fd, n);
	try_as_function(data, n);
	return 0;
}
