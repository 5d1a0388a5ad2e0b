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
#include <inttypes.h>
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

/* Inlined calls in blocks, in loops and in one another; a cold part; recursion. */
static const char inline_c[] =
	"#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
	"volatile int sink;\n"
	"static inline int leaf(int a)\n{\n\tsink = a;\n\treturn a * sink + 3;\n}\n"
	"static inline int middle(int a)\n{\n\tint r = 0;\n"
	"\tfor (int i = 0; i < a; i++) {\n\t\tint twice = leaf(i);\n\t\tr += twice;\n"
	"\t\tif (r > 1000)\n\t\t\tr -= leaf(r);\n\t}\n\treturn r;\n}\n"
	"static inline int outer(int a)\n{\n\tif (a & 1)\n\t\treturn middle(a) + leaf(a);\n"
	"\treturn middle(a + 1) - 1;\n}\n"
	"__attribute__((noinline)) static int hidden(int a)\n{\n\treturn outer(a) ^ outer(a * "
	"7);\n}\n"
	"__attribute__((noinline)) int shown(int a, char **v)\n{\n"
	"\tif (__builtin_expect(a > 100, 0)) {\n\t\tputs(v[0]);\n\t\tabort();\n\t}\n"
	"\treturn hidden(a) + hidden(a + 1) + outer(a);\n}\n"
	"static int compare(const void *x, const void *y)\n{\n"
	"\treturn leaf(*(const int *)x) - leaf(*(const int *)y);\n}\n"
	"__attribute__((noinline)) int sorted(int n)\n{\n\tint a[64];\n"
	"\tfor (int i = 0; i < 64; i++)\n\t\ta[i] = outer(i ^ n);\n"
	"\tqsort(a, 64, sizeof(a[0]), compare);\n\treturn a[3] + (n ? sorted(n - 1) : 0);\n}\n"
	"int main(int argc, char **argv)\n{\n"
	"\tprintf(\"%d\\n\", shown(argc, argv) + sorted(argc) + (int)strlen(argv[0]));\n"
	"\treturn 0;\n}\n";

static inline void build(const char *output, const char *flags)
{
	write_file("inline.c", inline_c);
	assert_int_equal(run("gcc -O2 %s inline.c -o %s", flags, output), 0);
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

/* The mapping of process pid that holds address (0: the first executable one); false: none. */
static inline bool find_map(pid_t pid, uint64_t address, struct symbolizer_map *map,
			    uint64_t *pgoff)
{
	static char line[4352], path[4352];
	char name[32], perms[8];
	bool found = false;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	f = fopen(name, "r");
	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f)) {
		path[0] = '\0';
		sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64 " %4351[^\n]",
		       &map->start, &map->end, perms, pgoff, &map->dev_major, &map->dev_minor,
		       &map->inode, path);
		found = address ? address >= map->start && address < map->end : perms[2] == 'x';
	}
	fclose(f);
	map->pid = pid;
	map->path = path;
	return found;
}

#endif
