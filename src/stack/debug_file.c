// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/debug_file.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <elfutils/libdwelf.h>

#include "base/log.h"
#include "stack/target_file.h"

struct search {
	const struct elf_handle *stripped;
	struct build_id id;
	uint32_t crc; /* of the file that .gnu_debuglink names */
	pid_t pid;
	struct elf_handle *found;
};

/* The checksum of .gnu_debuglink is the CRC-32 of the whole file, as in zlib. */
static bool file_has_crc(int fd, uint32_t wanted)
{
	unsigned char buf[1 << 16];
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		crc = crc32(crc, buf, (uInt)n);
		at += n;
	}
	return n == 0 && (uint32_t)crc == wanted;
}

/* Takes the file behind fd if it belongs to the stripped one; fd is closed in any case. */
static int search_take(struct search *s, int fd, bool crc_will_do)
{
	struct build_id id;
	int err;

	if (fd < 0)
		return -ENOENT;
	err = elf_handle_open(s->found, fd);
	if (!err) {
		elf_handle_build_id(s->found, &id);
		if (s->id.n && id.n ? !build_id_equal(&s->id, &id)
				    : !crc_will_do || !file_has_crc(fd, s->crc)) {
			elf_handle_close(s->found);
			err = -ENOENT;
		}
	}
	close(fd);
	return err ? -ENOENT : 0;
}

static int search_path(struct search *s, const char *path, bool crc_will_do)
{
	if (s->pid && !search_take(s, target_file_open(s->pid, path), crc_will_do))
		return 0;
	return search_take(s, target_file_open(0, path), crc_will_do);
}

static int search_build_id(struct search *s)
{
	char path[sizeof("/usr/lib/debug/.build-id/") + 2 * sizeof(s->id.bytes) + 8];
	int n;

	if (!s->id.n)
		return -ENOENT;
	n = sprintf(path, "/usr/lib/debug/.build-id/%02x/", s->id.bytes[0]);
	for (size_t i = 1; i < s->id.n; i++)
		n += sprintf(path + n, "%02x", s->id.bytes[i]);
	strcpy(path + n, ".debug");
	return search_path(s, path, false);
}

int debug_file_by_build_id(const struct build_id *id, pid_t pid, struct elf_handle *found)
{
	struct search s = { .id = *id, .pid = pid, .found = found };

	return search_build_id(&s);
}

static int search_common(struct search *s, const char *name)
{
	static const char place[] = "/.dwz/";
	const char *at = name, *rest = NULL;
	char path[PATH_MAX];
	int n;

	while ((at = strstr(at, place))) {
		at += strlen(place);
		rest = at;
	}
	/* out of that folder leads no name that a tool has made */
	if (!rest || strstr(rest, ".."))
		return -ENOENT;
	n = snprintf(path, sizeof(path), "/usr/lib/debug/.dwz/%s", rest);
	return n > 0 && (size_t)n < sizeof(path) ? search_path(s, path, false) : -ENOENT;
}

int debug_file_common(const struct build_id *id, const char *name, pid_t pid,
		      struct elf_handle *found)
{
	struct search s = { .id = *id, .pid = pid, .found = found };

	if (!search_build_id(&s) || !search_common(&s, name))
		return 0;
	*found = (struct elf_handle)ELF_HANDLE_NONE;
	return -ENOENT;
}

static int search_link(struct search *s, const char *binary)
{
	static const char *const forms[] = { "%.*s/%s", "%.*s/.debug/%s", "/usr/lib/debug%.*s/%s" };
	GElf_Word crc;
	const char *link = dwelf_elf_gnu_debuglink(s->stripped->elf, &crc);
	const char *slash = binary ? strrchr(binary, '/') : NULL;
	char path[PATH_MAX];

	/* a name with a slash could lead anywhere; no tool makes one */
	if (!link || !link[0] || strchr(link, '/') || !slash)
		return -ENOENT;
	s->crc = crc;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		int n = snprintf(path, sizeof(path), forms[i], (int)(slash - binary), binary, link);

		if (n > 0 && (size_t)n < sizeof(path) && !search_path(s, path, true))
			return 0;
	}
	return -ENOENT;
}

/*
 * libdebuginfod is loaded only when wanted, for it brings an HTTP client with it, and never
 * unloaded, for that client leaves threads' data and exit handlers behind.
 */
static int search_debuginfod(struct search *s)
{
	const char *urls = getenv("DEBUGINFOD_URLS");
	int (*find)(void *, const unsigned char *, int, char **);
	void *(*begin)(void), *library, *client;
	void (*end)(void *);
	int fd = -1;

	if (!s->id.n || !urls || !urls[0])
		return -ENOENT;
	library = dlopen("libdebuginfod.so.1", RTLD_LAZY);
	if (!library)
		return -ENOENT;
	*(void **)&begin = dlsym(library, "debuginfod_begin");
	*(void **)&find = dlsym(library, "debuginfod_find_debuginfo");
	*(void **)&end = dlsym(library, "debuginfod_end");
	client = begin && find && end ? begin() : NULL;
	if (client) {
		fd = find(client, s->id.bytes, (int)s->id.n, NULL);
		end(client);
	}
	return search_take(s, fd, false);
}

int debug_file_find(const struct elf_handle *stripped, pid_t pid, const char *path,
		    struct elf_handle *found)
{
	struct search s = { .stripped = stripped, .pid = pid, .found = found };

	elf_handle_build_id(stripped, &s.id);
	if (!search_build_id(&s) || !search_link(&s, path) || !search_debuginfod(&s))
		return 0;
	*found = (struct elf_handle)ELF_HANDLE_NONE;
	return -ENOENT;
}

/* Unpacks all of an xz stream into *out, which grows up to MINI_DEBUG_MAX. */
static int unpack(lzma_stream *xz, uint8_t **out, size_t *n)
{
	size_t cap = 64u << 10;
	lzma_ret ret = LZMA_OK;
	uint8_t *grown;

	while (ret == LZMA_OK) {
		cap *= 2;
		if (cap > MINI_DEBUG_MAX)
			return -EFBIG;
		grown = realloc(*out, cap);
		if (!grown)
			return -ENOMEM;
		*out = grown;
		xz->next_out = grown + *n;
		xz->avail_out = cap - *n;
		while (ret == LZMA_OK && xz->avail_out)
			ret = lzma_code(xz, LZMA_FINISH);
		*n = cap - xz->avail_out;
	}
	return ret == LZMA_STREAM_END ? 0 : -EILSEQ;
}

int debug_file_mini(const struct elf_handle *stripped, struct elf_handle *mini)
{
	Elf_Scn *scn = elf_handle_section(stripped, ".gnu_debugdata");
	Elf_Data *data = scn ? elf_rawdata(scn, NULL) : NULL;
	lzma_stream xz = LZMA_STREAM_INIT;
	uint8_t *out = NULL;
	size_t n = 0;
	int err;

	*mini = (struct elf_handle)ELF_HANDLE_NONE;
	if (!data || !data->d_size)
		return -ENOENT;
	if (lzma_stream_decoder(&xz, MINI_DEBUG_MAX, 0) != LZMA_OK)
		return -ENOMEM;
	xz.next_in = data->d_buf;
	xz.avail_in = data->d_size;
	err = unpack(&xz, &out, &n);
	lzma_end(&xz);
	if (err) {
		log_info("mini debug info: %s", strerror(-err));
		free(out);
		return err;
	}
	return elf_handle_from_memory(mini, out, n);
}
