/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixture_compile: little programs, compiled while the test runs, and what binutils say of them.
 *
 * The tests of symbols use it.  It leaves nothing behind when the test ends well.
 */
#ifndef MEMTOP_TESTS_FIXTURE_COMPILE_H
#define MEMTOP_TESTS_FIXTURE_COMPILE_H

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "stack/symbolizer.h"

static char dir[32];

/* Runs a shell command in the test's directory; its exit status. */
__attribute__((format(printf, 1, 2), unused)) static int run(const char *fmt, ...)
{
	char command[2048];
	size_t n = (size_t)snprintf(command, sizeof(command), "cd %s && ", dir);
	va_list ap;

	va_start(ap, fmt);
	n += (size_t)vsnprintf(command + n, sizeof(command) - n, fmt, ap);
	va_end(ap);
	assert_true(n < sizeof(command));
	return system(command);
}

static inline const char *path_of(const char *name)
{
	static char path[4][256];
	static int next;
	char *p = path[next++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static inline void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static inline int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/memtop-test-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static inline int remove_dir(void **state)
{
	(void)state;
	return run("cd / && rm -rf %s", dir);
}

/* Where nm says that a symbol is. */
static inline uint64_t address_of(const char *name, const char *symbol)
{
	char command[512];
	uint64_t address = 0;
	FILE *f;

	snprintf(command, sizeof(command),
		 "nm %s/%s | sed -n 's/^\\([0-9a-f]*\\) [a-zA-Z] %s$/\\1/p'", dir, name, symbol);
	f = popen(command, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lx", &address), 1);
	pclose(f);
	return address;
}

/* The addresses of a section. */
static inline void section_of(const char *name, const char *section, uint64_t *low, uint64_t *high)
{
	int fd = open(path_of(name), O_RDONLY);
	Elf_Scn *scn = NULL;
	size_t names = 0;
	GElf_Shdr sh;
	Elf *elf;

	*low = *high = 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	elf_getshdrstrndx(elf, &names);
	while ((scn = elf_nextscn(elf, scn))) {
		if (gelf_getshdr(scn, &sh) &&
		    !strcmp(elf_strptr(elf, names, sh.sh_name), section)) {
			*low = sh.sh_addr;
			*high = sh.sh_addr + sh.sh_size;
		}
	}
	elf_end(elf);
	close(fd);
	assert_true(*low < *high);
}

/* The place in the file of an address in it, by its program headers. */
static inline uint64_t offset_of(const char *name, uint64_t address)
{
	int fd = open(path_of(name), O_RDONLY);
	uint64_t offset = UINT64_MAX;
	GElf_Phdr ph;
	size_t n = 0;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	elf_getphdrnum(elf, &n);
	for (size_t i = 0; i < n; i++) {
		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD &&
		    address >= ph.p_vaddr && address - ph.p_vaddr < ph.p_filesz)
			offset = address - ph.p_vaddr + ph.p_offset;
	}
	elf_end(elf);
	close(fd);
	assert_true(offset != UINT64_MAX);
	return offset;
}

/* The module of a file that nobody has mapped: it is found by its path and inode. */
static inline int64_t module_of(struct symbolizer *s, const char *name)
{
	struct symbolizer_map map = { .pid = getpid(), .path = path_of(name) };
	struct stat st;

	assert_int_equal(stat(map.path, &st), 0);
	map.dev_major = major(st.st_dev);
	map.dev_minor = minor(st.st_dev);
	map.inode = st.st_ino;
	return symbolizer_module(s, &map);
}

/* The name at an address of a file of the test's directory, by a symbolizer of its own; or "". */
static inline const char *name_at(const char *name, uint64_t address, struct symbol *outermost)
{
	static char text[SYMBOL_NAME_SIZE], source[256];
	struct symbol symbols[SYMBOL_MAX_INLINES], *last;
	struct symbolizer *s = symbolizer_new();
	int64_t module = module_of(s, name);
	uint64_t vaddr;
	size_t n;

	assert_true(module >= 0);
	n = symbolizer_resolve(s, module, offset_of(name, address), false, symbols,
			       SYMBOL_MAX_INLINES, &vaddr);
	assert_int_equal(vaddr, address);
	last = &symbols[n - 1];
	assert_false(last->inlined);
	snprintf(text, sizeof(text), "%s", last->function ? last->function : "");
	if (outermost) {
		*outermost = *last;
		snprintf(source, sizeof(source), "%s", last->file ? last->file : "");
		outermost->function = text;
		outermost->file = source;
	}
	symbolizer_free(s);
	return text;
}

#endif
