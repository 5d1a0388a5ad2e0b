/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf_handle: one ELF file opened by libelf, with all that must stay alive beside it.
 *
 * The readers of symbols and debug information, which work by libelf and libdw, open their files
 * here.  Files are read and never mapped: a target could cut a mapped file short, and memtop would
 * die of SIGBUS, or change it between a check and its use.
 */
#ifndef MEMTOP_STACK_ELF_HANDLE_H
#define MEMTOP_STACK_ELF_HANDLE_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_handle {
	Elf *elf;
	int fd;	      /* -1: none, or no longer needed */
	void *memory; /* the whole file; NULL when it is read from fd */
};

#define ELF_HANDLE_NONE                                                                            \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* A GNU build-id; sizes outside 8 to 64 bytes are taken for none at all. */
struct build_id {
	uint8_t bytes[64];
	size_t n; /* 0: none */
};

/*
 * Opens the ELF file behind fd, which stays the caller's (a duplicate is kept).  0, or -ENOEXEC
 * when it is no ELF file, or another -errno; nothing is to be closed then.
 */
int elf_handle_open(struct elf_handle *handle, int fd);

/*
 * The same for a file in memory (malloc()ed), which the handle owns from here on, also on failure.
 */
int elf_handle_from_memory(struct elf_handle *handle, void *memory, size_t n);

/* Closes; a handle that is closed or was ELF_HANDLE_NONE may be closed again. */
void elf_handle_close(struct elf_handle *handle);

/* The first section with this name that has contents, or NULL. */
Elf_Scn *elf_handle_section(const struct elf_handle *handle, const char *name);

/* Reads the file's build-id into id; id->n is 0 when it has none. */
void elf_handle_build_id(const struct elf_handle *handle, struct build_id *id);

/* True when both are there and equal. */
bool build_id_equal(const struct build_id *a, const struct build_id *b);

#endif
