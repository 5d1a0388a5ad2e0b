// SPDX-License-Identifier: GPL-2.0-or-later
#include "stack/elf_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>

static int elf_handle_check(struct elf_handle *handle)
{
	if (handle->elf && elf_kind(handle->elf) == ELF_K_ELF)
		return 0;
	elf_handle_close(handle);
	return -ENOEXEC;
}

int elf_handle_open(struct elf_handle *handle, int fd)
{
	*handle = (struct elf_handle)ELF_HANDLE_NONE;
	handle->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (handle->fd < 0)
		return -errno;
	elf_version(EV_CURRENT);
	handle->elf = elf_begin(handle->fd, ELF_C_READ, NULL);
	return elf_handle_check(handle);
}

int elf_handle_from_memory(struct elf_handle *handle, void *memory, size_t n)
{
	*handle = (struct elf_handle)ELF_HANDLE_NONE;
	handle->memory = memory;
	elf_version(EV_CURRENT);
	handle->elf = elf_memory(memory, n);
	return elf_handle_check(handle);
}

void elf_handle_close(struct elf_handle *handle)
{
	elf_end(handle->elf);
	if (handle->fd >= 0)
		close(handle->fd);
	free(handle->memory);
	*handle = (struct elf_handle)ELF_HANDLE_NONE;
}

Elf_Scn *elf_handle_section(const struct elf_handle *handle, const char *name)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(handle->elf, &names))
		return NULL;
	while ((scn = elf_nextscn(handle->elf, scn))) {
		GElf_Shdr sh;
		const char *have;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type == SHT_NOBITS)
			continue;
		have = elf_strptr(handle->elf, names, sh.sh_name);
		if (have && !strcmp(have, name))
			return scn;
	}
	return NULL;
}

void elf_handle_build_id(const struct elf_handle *handle, struct build_id *id)
{
	const void *bytes;
	ssize_t n = dwelf_elf_gnu_build_id(handle->elf, &bytes);

	id->n = 0;
	if (n < 8 || (size_t)n > sizeof(id->bytes))
		return;
	id->n = (size_t)n;
	memcpy(id->bytes, bytes, id->n);
}

bool build_id_equal(const struct build_id *a, const struct build_id *b)
{
	return a->n && a->n == b->n && !memcmp(a->bytes, b->bytes, a->n);
}
