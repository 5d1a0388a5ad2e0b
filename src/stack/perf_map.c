// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/vec.h"
#include "stack/span.h"
#include "stack/symbol.h"
#include "stack/target_file.h"

#define CHUNK (64u << 10)

struct perf_map {
	struct span_vec entries; /* value: offset of the name in names; order: as written */
	size_t sorted;		 /* entries in order; the rest came after the last look-up */
	struct VEC_OF(char) names;
	uint32_t written;
	bool full; /* a limit was hit, and noted */

	/* the file, as it was last read */
	dev_t dev;
	ino_t ino;
	off_t at;
	bool skip_line; /* the file position is inside a line too long to be kept */
};

/* Who the target is inside its own namespaces, from /proc/PID/status. */
struct identity {
	long pid;
	uid_t uid, euid;
};

struct perf_map *perf_map_new(void)
{
	return calloc(1, sizeof(struct perf_map));
}

void perf_map_free(struct perf_map *m)
{
	if (!m)
		return;
	vec_free(&m->entries);
	vec_free(&m->names);
	free(m);
}

static void perf_map_clear(struct perf_map *m)
{
	vec_clear(&m->entries);
	vec_clear(&m->names);
	m->sorted = 0;
	m->written = 0;
	m->full = false;
	m->at = 0;
	m->skip_line = false;
}

size_t perf_map_count(const struct perf_map *m)
{
	return m->entries.n;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads hex digits and the blank after them; where the next field starts, or NULL. */
static const char *read_hex(const char *p, const char *end, uint64_t *value)
{
	const char *first;

	if (end - p > 2 && p[0] == '0' && (p[1] | 0x20) == 'x')
		p += 2;
	*value = 0;
	for (first = p; p < end && hex_digit(*p) >= 0; p++) {
		if (*value >> 60)
			return NULL;
		*value = *value << 4 | (uint64_t)hex_digit(*p);
	}
	return p > first && p < end && *p == ' ' ? p + 1 : NULL;
}

static int perf_map_add(struct perf_map *m, struct span entry, const char *name, size_t n)
{
	if (n >= SYMBOL_NAME_SIZE)
		n = SYMBOL_NAME_SIZE - 1;
	if (m->entries.n >= PERF_MAP_MAX_ENTRIES || m->names.n + n + 1 > PERF_MAP_MAX_NAMES) {
		if (!m->full)
			log_info("perf map: only its first %zu entries are used", m->entries.n);
		m->full = true;
		return 0;
	}
	if (vec_reserve(&m->names, m->names.n + n + 1))
		return -ENOMEM;
	entry.value = (uint32_t)m->names.n;
	entry.order = m->written;
	if (vec_push(&m->entries, entry))
		return -ENOMEM;
	m->written++;
	memcpy(m->names.at + m->names.n, name, n);
	m->names.at[m->names.n + n] = '\0';
	m->names.n += n + 1;
	return 0;
}

static void perf_map_line(struct perf_map *m, const char *p, const char *end)
{
	struct span entry = { 0 };
	uint64_t size;

	p = read_hex(p, end, &entry.start);
	if (p)
		p = read_hex(p, end, &size);
	if (!p || p == end || !size || __builtin_add_overflow(entry.start, size, &entry.end))
		return;
	if (perf_map_add(m, entry, p, (size_t)(end - p)))
		log_warn("perf map: out of memory, an entry is missing");
}

size_t perf_map_parse(struct perf_map *m, const char *text, size_t n)
{
	const char *p = text, *newline;

	while ((newline = memchr(p, '\n', n - (size_t)(p - text)))) {
		if (!m->skip_line)
			perf_map_line(m, p, newline);
		m->skip_line = false;
		p = newline + 1;
	}
	return (size_t)(p - text);
}

/* The numbers of a line "Name:\tN\tN…" of /proc/PID/status: the first two, and the last. */
static void read_status_line(const char *line, struct identity *id)
{
	unsigned int uid, euid;

	if (sscanf(line, "Uid: %u %u", &uid, &euid) == 2) {
		id->uid = uid;
		id->euid = euid;
	} else if (!strncmp(line, "NSpid:", 6)) {
		for (const char *p = line + 6; *p; p++) {
			if ((*p == '\t' || *p == ' ') && p[1] >= '0' && p[1] <= '9')
				id->pid = strtol(p + 1, NULL, 10);
		}
	}
}

static int read_identity(pid_t pid, struct identity *id)
{
	char path[32], *line = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (getline(&line, &size, f) >= 0)
		read_status_line(line, id);
	free(line);
	fclose(f);
	return 0;
}

/* Anybody may make files in /tmp: only the process's own and root's are believed. */
static int open_map(pid_t pid, struct stat *st)
{
	struct identity id = { .pid = pid }; /* a kernel without pid namespaces has no NSpid */
	char path[40];
	int fd, err;

	err = read_identity(pid, &id);
	if (err)
		return err;
	snprintf(path, sizeof(path), "/tmp/perf-%ld.map", id.pid);
	fd = target_file_open(pid, path);
	if (fd < 0)
		return fd;
	err = fstat(fd, st) ? -errno : 0;
	if (!err && st->st_uid != 0 && st->st_uid != id.uid && st->st_uid != id.euid)
		err = -EPERM;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int read_rest(struct perf_map *m, int fd, off_t size)
{
	char *buf = malloc(CHUNK);
	int err = 0;

	if (!buf)
		return -ENOMEM;
	while (m->at < size && !m->full) {
		ssize_t n = pread(fd, buf, CHUNK, m->at);
		size_t used;

		if (n <= 0) {
			err = n < 0 ? -errno : 0;
			break;
		}
		used = perf_map_parse(m, buf, (size_t)n);
		if (!used && n < CHUNK)
			break; /* the last line is still being written */
		if (!used) {
			m->skip_line = true;
			used = (size_t)n;
		}
		m->at += (off_t)used;
	}
	free(buf);
	return err;
}

int perf_map_update(struct perf_map *m, pid_t pid)
{
	struct stat st;
	int fd, err;

	fd = open_map(pid, &st);
	if (fd < 0)
		return fd;
	if (st.st_dev != m->dev || st.st_ino != m->ino || st.st_size < m->at)
		perf_map_clear(m);
	m->dev = st.st_dev;
	m->ino = st.st_ino;
	err = read_rest(m, fd, st.st_size);
	close(fd);
	return err;
}

const char *perf_map_find(struct perf_map *m, uint64_t address, uint64_t *start)
{
	uint32_t at, newest;

	if (m->sorted < m->entries.n) {
		if (spans_sort(&m->entries, m->sorted))
			return NULL;
		m->sorted = m->entries.n;
	}
	newest = at = spans_find(&m->entries, address);
	if (at == SPAN_NONE)
		return NULL;
	/*
	 * Code moves and memory is used again: entries overlap, and the last one written is right.
	 */
	while ((at = spans_outer(&m->entries, at, address)) != SPAN_NONE) {
		if (m->entries.at[at].order > m->entries.at[newest].order)
			newest = at;
	}
	*start = m->entries.at[newest].start;
	return m->names.at + m->entries.at[newest].value;
}
