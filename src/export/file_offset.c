// SPDX-License-Identifier: GPL-2.0-or-later
#include "export/file_offset.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int segments_of(Elf *elf, struct file_segments *segments)
{
	GElf_Phdr ph;
	size_t n;

	if (!elf || elf_kind(elf) != ELF_K_ELF || elf_getphdrnum(elf, &n))
		return -ENOENT;
	for (size_t i = 0; i < n && i < UINT16_MAX; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		if (vec_push(segments, (struct file_segment){ .address = ph.p_vaddr,
							      .size = ph.p_filesz,
							      .offset = ph.p_offset }))
			return -ENOMEM;
	}
	return segments->n ? 0 : -ENOENT;
}

int file_segments_read(const char *path, struct file_segments *segments)
{
	struct stat st;
	int fd, err;
	Elf *elf;

	/* a path that a process named may be a pipe, which must not be waited for */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -ENOENT;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	err = segments_of(elf, segments);
	elf_end(elf);
	close(fd);
	return err;
}

uint64_t file_offset_of(const struct file_segments *segments, uint64_t address)
{
	vec_for_each (segments, s) {
		if (address >= s->address && address - s->address < s->size)
			return address - s->address + s->offset;
	}
	return address;
}
