// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc/maps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/strpool.h"
#include "proc/proc_file.h"

const char *map_type_name(enum map_type type)
{
	static const char *const names[] = {
		[MAP_TYPE_ANON] = "anon",     [MAP_TYPE_HEAP] = "heap",
		[MAP_TYPE_STACK] = "stack",   [MAP_TYPE_FILE] = "file",
		[MAP_TYPE_BSS] = "bss",	      [MAP_TYPE_SHMEM] = "shmem",
		[MAP_TYPE_VDSO] = "vdso",     [MAP_TYPE_SPECIAL] = "special",
		[MAP_TYPE_DEVICE] = "device", [MAP_TYPE_HUGETLB] = "hugetlb",
	};

	return names[type];
}

/* What is left of a line. */
struct cursor {
	const char *at, *end;
};

/* Takes a number of that base (10 or 16) and the one character behind it; false: something else. */
static bool take_number(struct cursor *c, unsigned int base, char behind, uint64_t *value)
{
	const char *begin = c->at;
	uint64_t v = 0;

	for (; c->at < c->end; c->at++) {
		unsigned int digit, ch = (unsigned char)*c->at;

		if (ch >= '0' && ch <= '9')
			digit = ch - '0';
		else if (base == 16 && ch >= 'a' && ch <= 'f')
			digit = ch - 'a' + 10;
		else
			break;
		if (v > (UINT64_MAX - digit) / base)
			return false;
		v = v * base + digit;
	}
	if (c->at == begin)
		return false;
	*value = v;
	/* the inode is the last field of a mapping without a name */
	if (c->at == c->end)
		return behind == ' ' && base == 10;
	return *c->at++ == behind;
}

/* Takes "rwxp ". */
static bool take_prot(struct cursor *c, struct map *m)
{
	static const char letters[] = "rwx";
	static const uint8_t bits[] = { PROT_READ, PROT_WRITE, PROT_EXEC };

	if (c->end - c->at < 5 || c->at[4] != ' ')
		return false;
	for (int i = 0; i < 3; i++) {
		if (c->at[i] == letters[i])
			m->prot |= bits[i];
		else if (c->at[i] != '-')
			return false;
	}
	if (c->at[3] != 'p' && c->at[3] != 's')
		return false;
	m->shared = c->at[3] == 's';
	c->at += 5;
	return true;
}

static bool take_fields(struct cursor *c, struct map *m)
{
	uint64_t major, minor;

	if (!take_number(c, 16, '-', &m->start) || !take_number(c, 16, ' ', &m->end) ||
	    !take_prot(c, m) || !take_number(c, 16, ' ', &m->offset) ||
	    !take_number(c, 16, ':', &major) || !take_number(c, 16, ' ', &minor) ||
	    !take_number(c, 10, ' ', &m->inode))
		return false;
	if (m->start >= m->end || major > UINT32_MAX || minor > UINT32_MAX)
		return false;
	m->dev_major = (uint32_t)major;
	m->dev_minor = (uint32_t)minor;
	return true;
}

/*
 * Takes the path: the rest of the line.  Only a newline is escaped in it (as \012): seq_path() is
 * told to escape nothing else, so any other backslash is a backslash.
 */
static int take_path(struct cursor *c, struct map *m, struct strpool *paths)
{
	static const char deleted[] = " (deleted)";
	const size_t n_deleted = sizeof(deleted) - 1;
	struct text path = { 0 };
	int err = 0;

	while (c->at < c->end && *c->at == ' ')
		c->at++;
	if (c->at == c->end)
		return 0;
	if (c->end - c->at > (ptrdiff_t)n_deleted &&
	    !memcmp(c->end - n_deleted, deleted, n_deleted)) {
		m->deleted = true;
		c->end -= n_deleted;
	}
	if (vec_reserve(&path, (size_t)(c->end - c->at)))
		return -ENOMEM;
	while (c->at < c->end) {
		bool newline = c->end - c->at >= 4 && !memcmp(c->at, "\\012", 4);

		path.at[path.n++] = newline ? '\n' : *c->at;
		c->at += newline ? 4 : 1;
	}
	m->path = strpool_add_n(paths, path.at, path.n);
	if (!m->path)
		err = -ENOMEM;
	vec_free(&path);
	return err;
}

static bool begins(const char *path, const char *with)
{
	return !strncmp(path, with, strlen(with));
}

static enum map_type type_of_bracket(const char *path)
{
	if (!strcmp(path, "[heap]"))
		return MAP_TYPE_HEAP;
	/* [stack:TID] until Linux 4.4 */
	if (begins(path, "[stack"))
		return MAP_TYPE_STACK;
	if (begins(path, "[anon:"))
		return MAP_TYPE_ANON;
	if (begins(path, "[anon_shmem:"))
		return MAP_TYPE_SHMEM;
	if (!strcmp(path, "[vdso]") || !strcmp(path, "[uprobes]"))
		return MAP_TYPE_VDSO;
	return MAP_TYPE_SPECIAL;
}

static enum map_type type_of_dev(const struct map *m)
{
	if (begins(m->path, "/dev/shm/"))
		return MAP_TYPE_SHMEM;
	if (begins(m->path, "/dev/hugepages/"))
		return MAP_TYPE_HUGETLB;
	if (!strcmp(m->path, "/dev/zero"))
		return m->shared ? MAP_TYPE_SHMEM : MAP_TYPE_ANON;
	return MAP_TYPE_DEVICE;
}

/* By name alone; what BSS is depends on the neighbours. */
static enum map_type type_of_name(const struct map *m)
{
	if (!m->path)
		return m->shared ? MAP_TYPE_SHMEM : MAP_TYPE_ANON;
	if (m->path[0] == '[')
		return type_of_bracket(m->path);
	if (begins(m->path, "/dev/"))
		return type_of_dev(m);
	/* mm/shmem.c and ipc/shm.c name theirs so, and they have no directory entry */
	if (m->deleted && (begins(m->path, "/memfd:") || begins(m->path, "/SYSV")))
		return MAP_TYPE_SHMEM;
	if (m->deleted && !strcmp(m->path, "/anon_hugepage"))
		return MAP_TYPE_HUGETLB;
	/* a file outside of what the target can reach has this before its path: fs/d_path.c */
	if (m->path[0] == '/' || begins(m->path, "(unreachable)"))
		return MAP_TYPE_FILE;
	return MAP_TYPE_DEVICE;
}

/*
 * Whether list[n - 1] belongs to a program or library: its neighbours below are of the same file
 * and one is executable.  Without this a data file next to an anonymous mapping would make it a
 * BSS.
 */
static bool is_of_program(const struct map *list, size_t n)
{
	const struct map *last = &list[n - 1];

	for (size_t i = n; i-- > 0 && n - i <= 16;) {
		if (list[i].path != last->path || list[i].inode != last->inode)
			return false;
		if (list[i].prot & PROT_EXEC)
			return true;
	}
	return false;
}

static bool is_bss(const struct map *m, const struct map *list, size_t n)
{
	const struct map *below = n ? &list[n - 1] : NULL;

	return below && m->type == MAP_TYPE_ANON && !m->path && (m->prot & PROT_WRITE) &&
	       below->end == m->start && below->type == MAP_TYPE_FILE && !below->shared &&
	       (below->prot & PROT_WRITE) && is_of_program(list, n);
}

/*
 * The list is not of one moment (proc.rst: "inherently racy").  A mapping that grows while it is
 * read comes twice: as it was, and as a whole, being what lies behind that.  Leaves of it what is
 * new; false when there is nothing: that is no list of the kernel's.
 */
static bool map_is_behind(struct map *m, const struct maps *out)
{
	const struct map *before = out->list.n ? &out->list.at[out->list.n - 1] : NULL;

	if (!before || m->start >= before->end)
		return true;
	if (m->end <= before->end)
		return false;
	if (m->inode)
		m->offset += before->end - m->start;
	m->start = before->end;
	return true;
}

static int parse_line(const char *line, size_t n, struct maps *out)
{
	struct map m = { 0 };
	struct cursor c = { line, line + n };
	int err;

	if (memchr(line, '\0', n) || !take_fields(&c, &m) || !map_is_behind(&m, out))
		return -EINVAL;
	err = take_path(&c, &m, out->paths);
	if (err)
		return err;
	m.type = type_of_name(&m);
	if (is_bss(&m, out->list.at, out->list.n))
		m.type = MAP_TYPE_BSS;
	return vec_push(&out->list, m);
}

int maps_parse(const char *text, size_t n, struct maps *out)
{
	const char *end = text + n, *newline;
	size_t line = 1;
	int err = 0;

	maps_free(out);
	out->paths = strpool_new();
	if (!out->paths)
		return -ENOMEM;
	for (; text < end && !err; text = newline + 1, line++) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline) {
			err = -EINVAL;
			break;
		}
		err = parse_line(text, (size_t)(newline - text), out);
		if (err)
			break;
	}
	if (err == -EINVAL)
		error_set(err, "line %zu of the list of mappings makes no sense", line);
	if (err)
		maps_free(out);
	return err;
}

static int maps_read_file(pid_t pid, const char *name, struct maps *out)
{
	struct text text = { 0 };
	int err = proc_file_read(pid, name, &text);

	/* of what has no memory, some kernels refuse to open the file and some show it empty */
	if (err == -ESRCH || (!err && !text.n))
		err = error_set(-ESRCH, "process %d is gone, or has no memory of its own",
				(int)pid);
	if (!err)
		err = maps_parse(text.at, text.n, out);
	else
		maps_free(out);
	vec_free(&text);
	return err;
}

int maps_read(pid_t pid, struct maps *out)
{
	return maps_read_file(pid, "maps", out);
}

int maps_read_thread(pid_t pid, pid_t tid, struct maps *out)
{
	char name[32];

	snprintf(name, sizeof(name), "task/%d/maps", (int)tid);
	return maps_read_file(pid, name, out);
}

const struct map *maps_find(const struct maps *maps, uint64_t addr)
{
	size_t low = 0, high = maps->list.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct map *m = &maps->list.at[mid];

		if (addr < m->start)
			high = mid;
		else if (addr >= m->end)
			low = mid + 1;
		else
			return m;
	}
	return NULL;
}

void maps_free(struct maps *maps)
{
	vec_free(&maps->list);
	strpool_free(maps->paths);
	maps->paths = NULL;
}
